#!/usr/bin/perl
# A stand-in for Marathon's /v2/apps: POST, GET, DELETE of apps, kept in memory.
# Strict: a field that Marathon does not know or of another kind is refused as
# there (422), an app that exists is a conflict (409), one that does not 404.
# marathon.pl PORT-FILE [DIR]
# With a folder it runs what it is given, as a Mesos agent would: the archives
# unpacked in a sandbox, the command in a shell of its own, ports in PORT0, ….
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP;
use POSIX qw(setsid WNOHANG);
my %fields = (id => qr{^/[a-z0-9-]+(?:/[a-z0-9-]+)*$}, cmd => qr/./,
  cpus => qr/^[0-9.]+$/, mem => qr/^[0-9.]+$/, instances => qr/^[0-9]+$/,
  fetch => 'ARRAY', env => 'HASH', labels => 'HASH', portDefinitions => 'ARRAY',
  healthChecks => 'ARRAY', acceptedResourceRoles => 'ARRAY',
  constraints => 'ARRAY');
my (%apps, %runs);
my $dir = $ARGV[1];
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5)
  or die "listen: $!";
open my $out, '>', $ARGV[0] or die;
print $out $server->sockport, "\n";
close $out;

# Outside of the range that the kernel gives to clients, so that it stays free.
sub free_port {
  for (1 .. 200) {
    my $port = 10000 + int rand 20000;
    my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
      LocalPort => $port, Listen => 1) or next;
    close $taken;
    return $port;
  }
  die 'no port';
}

sub run {
  my ($app) = @_;
  my @ports = map { free_port() } @{$app->{portDefinitions} // []};
  my $pid = fork // die;
  if ($pid) {
    $runs{$app->{id}} = {pid => $pid, ports => \@ports};
    return;
  }
  setsid();
  close $server;
  my $box = $dir . $app->{id};
  system('mkdir', '-p', $box) == 0 && chdir $box or exit 1;
  open STDIN, '<', '/dev/null';
  open STDOUT, '>>', 'stdout';
  open STDERR, '>>', 'stderr';
  for (@{$app->{fetch} // []}) {
    (my $file = $_->{uri}) =~ s{^file://}{};
    system('tar', '-xzf', $file) == 0 or exit 1;
  }
  # A task inherits nothing of the agent's, as little as there is here.
  %ENV = (PATH => $ENV{PATH}, HOST => '127.0.0.1', %{$app->{env} // {}},
    map { ("PORT$_" => $ports[$_]) } 0 .. $#ports);
  exec 'sh', '-c', $app->{cmd};
}

sub stop {
  my ($run) = @_ or return;
  kill 'TERM', -$run->{pid};
  for (1 .. 150) {
    last unless kill 0, -$run->{pid};
    waitpid $run->{pid}, WNOHANG;
    select undef, undef, undef, 0.1;
  }
  kill 'KILL', -$run->{pid};
}
$SIG{TERM} = sub { stop($_) for values %runs; exit 0 };

# Whether the app's health check answers with 2xx.
sub healthy {
  my ($app, $run) = @_;
  my $check = $app->{healthChecks}[0] or return 1;
  my $port = $run->{ports}[$check->{portIndex}];
  my $peer = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port,
    Timeout => 2) or return 0;
  print $peer "GET $check->{path} HTTP/1.0\r\n\r\n";
  return (<$peer> // '') =~ m{^HTTP/1\.\d 2} ? 1 : 0;
}

sub wrong {
  my ($app) = @_;
  return 'not an object' unless ref $app eq 'HASH';
  for my $key (sort keys %$app) {
    my ($want, $value) = ($fields{$key}, $app->{$key});
    return "/$key: unknown" unless $want;
    my $fits = ref $want ? !ref $value && $value =~ $want : ref $value eq $want;
    return "/$key: not of its kind" unless $fits;
  }
  for my $of ('env', 'labels') {
    for my $key (keys %{$app->{$of} // {}}) {
      my $value = $app->{$of}{$key};
      return "/$of/$key: not a text" if ref $value;
      return "/$of/$key: not a text" if encode_json([$value]) !~ /^\["/;
    }
  }
  return exists $app->{id} && exists $app->{cmd} ? undef : 'id or cmd is missing';
}

sub answer {
  my ($method, $path, $type, $body) = @_;
  if ($method eq 'POST' && $path eq '/v2/apps') {
    return (415, {message => 'not JSON'}) if $type ne 'application/json';
    my $app = eval { decode_json($body) };
    my $why = $@ ? 'not JSON' : wrong($app);
    return (422, {message => "Object is not valid: $why"}) if $why;
    my $id = $app->{id};
    return (409, {message => "An app with id [$id] already exists."}) if $apps{$id};
    $apps{$id} = $app;
    run($app) if defined $dir;
    return (201, $app);
  }
  my ($id) = $path =~ m{^/v2/apps(/.+)$};
  my $app = defined $id ? $apps{$id} : undef;
  return (404, {message => "App '" . ($id // $path) . "' does not exist"}) unless $app;
  if ($method eq 'DELETE') {
    delete $apps{$id};
    stop(delete $runs{$id}) if $runs{$id};
    return (200, {version => '2017-01-01T00:00:00.000Z', deploymentId => 'd'});
  }
  if (my $run = $runs{$id}) {
    my $lives = waitpid($run->{pid}, WNOHANG) == 0;
    my @tasks = $lives ? {host => '127.0.0.1', ports => $run->{ports}} : ();
    return (200, {app => {%$app, tasks => \@tasks,
      tasksHealthy => $lives ? healthy($app, $run) : 0}});
  }
  my $ports = @{$app->{portDefinitions} // []};
  return (200, {app => {%$app, tasksHealthy => 1,
    tasks => [{host => 'agent-1', ports => [map { 31000 + $_ } 0 .. $ports - 1]}]}});
}

while (my $client = $server->accept) {
  my $line = <$client> // next;
  my ($method, $path) = split ' ', $line;
  my ($length, $type, $body) = (0, '', '');
  while (defined($line = <$client>) && $line =~ /\S/) {
    $length = $1 if $line =~ /^content-length:\s*(\d+)/i;
    $type = $1 if $line =~ /^content-type:\s*(\S+)/i;
  }
  read $client, $body, $length if $length;
  my ($status, $value) = answer($method, $path, $type, $body);
  my $text = encode_json($value);
  print $client "HTTP/1.1 $status X\r\nContent-Type: application/json\r\n",
    "Content-Length: ", length $text, "\r\nConnection: close\r\n\r\n", $text;
  close $client;
}
