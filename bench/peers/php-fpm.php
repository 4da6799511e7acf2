<?php
// Answers in PHP-FPM, by path; an authorizer is recognized by its role.
$path = strtok($_SERVER['REQUEST_URI'], '?');
header('Content-Type: text/plain; charset=utf-8');
if (($_SERVER['FCGI_ROLE'] ?? '') === 'AUTHORIZER') {
    header('Variable-AUTH_USER: ada');
} elseif ($path === '/echo' || $path === '/collect') {
    header('Content-Length: ' . $_SERVER['CONTENT_LENGTH']);
    readfile('php://input');
} elseif ($path === '/large') {
    $line = "The quick brown fox jumps over the lazy dog 0123456789.\n";
    header('Content-Length: 1048576');
    echo substr(str_repeat($line, intdiv(1048576, strlen($line)) + 1), 0, 1048576);
} else {
    header('Content-Length: 18');
    echo 'Hello from FastCGI';
}
