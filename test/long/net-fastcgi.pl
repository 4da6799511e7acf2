# Reads one question a line, "name argument ...", arguments in hexadecimal or as numbers, and answers each by one line:
# what Net::FastCGI, an implementation of its own, makes of it. An answer in hexadecimal, or "! message".
use strict;
use warnings;
use Net::FastCGI::Protocol::PP qw[:all];

sub octets { my ($hex) = @_; $hex = '' if $hex eq '-'; return pack 'H*', $hex }

my %answers = (
    # type id content
    record => sub { build_record($_[0], $_[1], octets($_[2])) },
    # type id content
    stream => sub { build_stream($_[0], $_[1], octets($_[2]), 1) },
    # role flags
    begin_body => sub { build_begin_request_body(@_) },
    # application status, protocol status
    end_body => sub { build_end_request_body(@_) },
    unknown_body => sub { build_unknown_type_body(@_) },
    # name value name value ...; one after the other, since a hash would mix them
    pairs => sub {
        my $block = '';
        while (my ($name, $value) = splice @_, 0, 2) { $block .= build_params({ octets($name) => octets($value) }) }
        return $block;
    },
    # bytes -> type:id:content of each record
    parse_records => sub {
        my ($bytes) = map { octets($_) } @_;
        my @records;
        while (length $bytes) {
            my ($type, $id, $content) = parse_record($bytes);
            push @records, "$type:$id:" . unpack('H*', $content);
            substr($bytes, 0, get_record_length($bytes), '');
        }
        return \join ' ', @records;
    },
    parse_begin_body => sub { \join ':', parse_begin_request_body(octets($_[0])) },
    parse_end_body => sub { \join ':', parse_end_request_body(octets($_[0])) },
    parse_unknown_body => sub { \join ':', parse_unknown_type_body(octets($_[0])) },
    # block -> name=value of each pair by name, last value wins
    parse_pairs => sub {
        my $pairs = parse_params(octets($_[0]));
        return \join ' ', map { unpack('H*', $_) . '=' . unpack('H*', $pairs->{$_}) } sort keys %$pairs;
    },
    check_pairs => sub { \(check_params(octets($_[0])) ? 'whole' : 'cut') },
);

binmode STDOUT;
while (my $line = <STDIN>) {
    chomp $line;
    my ($name, @arguments) = split / /, $line;
    my $answer = eval { $answers{$name}->(@arguments) };
    print defined $answer ? (ref $answer ? $$answer : unpack 'H*', $answer) : "! $@" =~ s/\n.*//sr, "\n";
}
