#!/usr/bin/perl
# A program without sockets asks for an edit of a clip through the spool, and prints what it hears to the job's end:
#     perl client.pl SPOOL CLIP NAME VALUE ...
use strict;
use warnings;
use Time::HiRes qw(sleep);

my ($spool, $clip, @settings) = @ARGV;
my $client = "c" . join "", map { sprintf "%x", rand 16 } 1 .. 12;
my ($sent, $read) = (0, 0);
$| = 1;

sub padded { my ($text) = @_; return pack "a" . 4 * (1 + int(length($text) / 4)), $text }

# One OSC message, all of whose arguments are text, as a file that is whole when its name is there.
sub ask {
    my ($address, @texts) = @_;
    my $path = sprintf "%s/in/%s-%06d", $spool, $client, ++$sent;
    open my $file, ">:raw", "$path.part" or die "$path: $!";
    print $file map { padded($_) } $address, "," . "s" x @texts, @texts;
    close $file or die "$path: $!";
    rename "$path.part", "$path.osc" or die "$path: $!";
}

sub decoded {
    my ($bytes) = @_;
    my $text = sub { $bytes =~ s/^([^\0]*)\0// or die "no text"; substr $bytes, 0, 3 - length($1) % 4, ""; $1 };
    my %as = (s => $text, i => sub { unpack "l>", substr $bytes, 0, 4, "" },
              f => sub { unpack "f>", substr $bytes, 0, 4, "" });
    my ($address, $tags) = ($text->(), $text->());
    return ($address, map { $as{$_}->() } split //, substr $tags, 1);
}

# The next reply; the one before it is removed only now.
sub hear {
    my $path = sub { sprintf "%s/out/%s/%06d.osc", $spool, $client, @_ };
    sleep 0.05 until -e $path->($read + 1);
    open my $file, "<:raw", $path->($read + 1) or die "reply: $!";
    my @message = decoded(do { local $/; <$file> });
    unlink $path->($read++);
    print "@message\n";
    return @message;
}

open my $beat, "<:raw", "$spool/heartbeat.osc" or die "no service runs";
my (undef, $seconds) = decoded(do { local $/; <$beat> });
die "no service has run for a while" if time - $seconds > 5;

my $job = "p$client";
ask("/retone/edit", $job, $clip, @settings);
1 until (hear())[0] =~ m{^/retone/(done|fail)$};
ask("/retone/received", $job);
