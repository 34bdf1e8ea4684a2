<?php
// PHP, its LDAP extension (Debian: php-cli, php-ldap)
[, $host, $port, $bind, $password, $number] = $argv;
$ca = $argv[6] ?? null;

function must($outcome, string $what)
{
    if ($outcome === false) {
        fwrite(STDERR, "$what failed\n");
        exit(1);
    }
    return $outcome;
}

if ($ca) {
    must(ldap_set_option(null, LDAP_OPT_X_TLS_CACERTFILE, $ca), 'naming the authority');
    must(ldap_set_option(null, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND), 'verifying');
}
$ldap = must(ldap_connect("ldap://$host:$port"), 'connecting');
ldap_set_option($ldap, LDAP_OPT_PROTOCOL_VERSION, 3);
ldap_set_option($ldap, LDAP_OPT_NETWORK_TIMEOUT, 60);
if ($ca) {
    must(ldap_start_tls($ldap), 'StartTLS');
}
must(ldap_bind($ldap, $bind, $password), 'binding');
foreach (["(telephoneNumber=$number)", '(|(cn=anna*)(sn=mei*))'] as $filter) {
    $found = must(ldap_search($ldap, 'dc=meta', $filter, ['displayName']), 'searching');
    $entries = must(ldap_get_entries($ldap, $found), 'reading');
    $names = [];
    for ($each = 0; $each < $entries['count']; $each++) {
        $names[] = $entries[$each]['displayname'][0];
    }
    sort($names);
    echo implode('; ', $names), "\n";
}
ldap_unbind($ldap);
