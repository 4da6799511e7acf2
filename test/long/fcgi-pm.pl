# An application by FCGI.pm: so many processes behind one socket, each of which serves one connection at a time.
use strict;
use warnings;
use FCGI;

my ($path, $processes) = @ARGV;
my $socket = FCGI::OpenSocket($path, 128);

my @children;
for (1 .. $processes) {
    my $child = fork();
    die "Cannot fork: $!" unless defined $child;
    if ($child == 0) {
        serve();
        exit 0;
    }
    push @children, $child;
}
$SIG{TERM} = sub { kill "TERM", @children; exit 0 };
waitpid($_, 0) for @children;

sub serve {
    my $request = FCGI::Request(\*STDIN, \*STDOUT, \*STDERR, \%ENV, $socket);
    while ($request->Accept() >= 0) {
        my $body = "";
        read(STDIN, $body, $ENV{CONTENT_LENGTH}) if $ENV{CONTENT_LENGTH};
        print "Content-Type: text/plain\r\n\r\nhello $body";
    }
}
