#!/usr/bin/perl
# render.pl PACKAGE-FOLDER [OPTIONS.json]: what DC/OS makes of a package: the
# defaults of its schema, options of ours over them, and its template filled in,
# each value as it stands within a JSON text. Only what our template uses of
# mustache: names, and sections that are there when their value is not empty.
use strict;
use warnings;
use JSON::PP;
my $json = JSON::PP->new->canonical->allow_nonref;

sub slurp {
  open my $file, '<', $_[0] or die "$_[0]: $!\n";
  local $/;
  return <$file>;
}

sub defaults {
  my ($schema) = @_;
  return $schema->{default} if exists $schema->{default};
  my $p = $schema->{properties} // {};
  return {map { $_ => defaults($p->{$_}) } keys %$p};
}

sub over {
  my ($base, $with) = @_;
  for my $key (keys %$with) {
    ref $with->{$key} eq 'HASH' && ref $base->{$key} eq 'HASH'
      ? over($base->{$key}, $with->{$key}) : ($base->{$key} = $with->{$key});
  }
  return $base;
}

my ($folder, $options) = @ARGV;
my $view = defaults($json->decode(slurp("$folder/config.json")));
over($view, $json->decode(slurp($options))) if $options;
$view->{resource} = $json->decode(slurp("$folder/resource.json"));

sub value {
  my $at = $view;
  for my $word (split /\./, $_[0]) {
    die "{{$_[0]}}: no such value\n" unless ref $at eq 'HASH' && exists $at->{$word};
    $at = $at->{$word};
  }
  return $at;
}

sub text {
  my $text = $json->encode(value($_[0]));
  $text =~ s/^"(.*)"$/$1/s;
  return $text;
}

my $text = slurp("$folder/marathon.json.mustache");
$text =~ s/\{\{#([\w.]+)\}\}\n?(.*?)\s*\{\{\/\1\}\}/value($1) ne '' ? $2 : ''/gse;
$text =~ s/\{\{([\w.]+)\}\}/text($1)/ge;
print $text;
