// Node.js, ldapts (npm)
'use strict';
const fs = require('fs');
const { Client } = require('ldapts');

async function main([host, port, bind, password, number, ca]) {
  const client = new Client({ url: `ldap://${host}:${port}`, timeout: 60000 });
  if (ca) await client.startTLS({ ca: [fs.readFileSync(ca)], host });
  await client.bind(bind, password);
  for (const filter of [`(telephoneNumber=${number})`, '(|(cn=anna*)(sn=mei*))']) {
    const { searchEntries } = await client.search('dc=meta', {
      scope: 'sub', filter, attributes: ['displayName'],
    });
    console.log(searchEntries.map((entry) => entry.displayName).sort().join('; '));
  }
  await client.unbind();
}

main(process.argv.slice(2)).catch((error) => { console.error(error); process.exit(1); });
