# Ruby, net-ldap (Debian: ruby-net-ldap)
require 'net/ldap'

host, port, bind, password, number, ca = ARGV
settings = {
  host: host, port: port.to_i, connect_timeout: 60,
  auth: { method: :simple, username: bind, password: password }
}
settings[:encryption] = { method: :start_tls, tls_options: { ca_file: ca } } if ca

Net::LDAP.open(settings) do |ldap|
  [Net::LDAP::Filter.eq('telephoneNumber', number),
   Net::LDAP::Filter.construct('(|(cn=anna*)(sn=mei*))')].each do |filter|
    found = ldap.search(base: 'dc=meta', filter: filter, attributes: ['displayName'])
    abort ldap.get_operation_result.message if found.nil?
    puts found.map { |entry| entry.displayname.first.dup.force_encoding('UTF-8') }.sort.join('; ')
  end
end
