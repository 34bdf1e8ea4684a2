# Perl, Net::LDAP (Debian: libnet-ldap-perl)
use strict;
use warnings;
use Net::LDAP;
binmode(STDOUT, ':encoding(UTF-8)');
use Encode qw(decode);

my ($host, $port, $bind, $password, $number, $ca) = @ARGV;
my $ldap = Net::LDAP->new($host, port => $port, timeout => 30) or die "cannot connect: $@";
my $schema = $ldap->schema or die 'the schema cannot be read';
$schema->attribute('telephoneNumber') or die 'the schema lacks telephoneNumber';

sub check { my ($message) = @_; die $message->error if $message->code; return $message; }

check($ldap->start_tls(verify => 'require', cafile => $ca)) if $ca;
check($ldap->bind($bind, password => $password));
sub names {
    my ($filter) = @_;
    my $found = check($ldap->search(base => 'dc=meta', filter => $filter, attrs => ['displayName']));
    return sort map { decode('UTF-8', $_->get_value('displayName')) } $found->entries;
}
print join('; ', names("(telephoneNumber=$number)")), "\n";
print join('; ', names('(|(cn=anna*)(sn=mei*))')), "\n";
$ldap->unbind;
