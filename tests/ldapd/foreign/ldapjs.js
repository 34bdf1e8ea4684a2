// Node.js, ldapjs (npm)
'use strict';
const fs = require('fs');
const ldap = require('ldapjs');

const [host, port, bind, password, number, ca] = process.argv.slice(2);
const client = ldap.createClient({ url: `ldap://${host}:${port}`, timeout: 60000 });
const fail = (error) => { console.error(error); process.exit(1); };
client.on('error', fail);

function names(filter, done) {
  const options = { scope: 'sub', filter, attributes: ['displayName'] };
  client.search('dc=meta', options, (error, found) => {
    if (error) fail(error);
    const entries = [];
    found.on('searchEntry', (entry) => entries.push(entry.pojo.attributes[0].values[0]));
    found.on('error', fail);
    found.on('end', () => { console.log(entries.sort().join('; ')); done(); });
  });
}

function ask() {
  client.bind(bind, password, (error) => {
    if (error) fail(error);
    names(`(telephoneNumber=${number})`, () => {
      names('(|(cn=anna*)(sn=mei*))', () => client.unbind(() => process.exit(0)));
    });
  });
}

if (ca) client.starttls({ ca: [fs.readFileSync(ca)], host }, [], (error) => (error ? fail(error) : ask()));
else ask();
