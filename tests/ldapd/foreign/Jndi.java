// Java, JNDI as it comes with the runtime
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Hashtable;
import java.util.TreeSet;
import javax.naming.Context;
import javax.naming.ldap.InitialLdapContext;
import javax.naming.ldap.LdapContext;
import javax.naming.ldap.StartTlsRequest;
import javax.naming.ldap.StartTlsResponse;
import javax.naming.directory.SearchControls;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class Jndi {
    public static void main(String[] arguments) throws Exception {
        Hashtable<String, String> settings = new Hashtable<>();
        settings.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
        settings.put(Context.PROVIDER_URL, "ldap://" + arguments[0] + ":" + arguments[1]);
        settings.put("com.sun.jndi.ldap.read.timeout", "60000");
        LdapContext directory = new InitialLdapContext(settings, null);
        if (arguments.length > 5) {
            StartTlsResponse tls =
                (StartTlsResponse) directory.extendedOperation(new StartTlsRequest());
            tls.negotiate(trusting(Path.of(arguments[5])).getSocketFactory());
        }
        directory.addToEnvironment(Context.SECURITY_AUTHENTICATION, "simple");
        directory.addToEnvironment(Context.SECURITY_PRINCIPAL, arguments[2]);
        directory.addToEnvironment(Context.SECURITY_CREDENTIALS, arguments[3]);
        directory.reconnect(null);
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        out.println(names(directory, "(telephoneNumber=" + arguments[4] + ")"));
        out.println(names(directory, "(|(cn=anna*)(sn=mei*))"));
        directory.close();
    }

    private static String names(LdapContext directory, String filter) throws Exception {
        SearchControls wanted = new SearchControls();
        wanted.setSearchScope(SearchControls.SUBTREE_SCOPE);
        wanted.setReturningAttributes(new String[] {"displayName"});
        TreeSet<String> names = new TreeSet<>();
        var found = directory.search("dc=meta", filter, wanted);
        while (found.hasMore()) {
            names.add((String) found.next().getAttributes().get("displayName").get());
        }
        return String.join("; ", names);
    }

    private static SSLContext trusting(Path file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream stream = Files.newInputStream(file)) {
            store.setCertificateEntry(
                "ca", CertificateFactory.getInstance("X.509").generateCertificate(stream));
        }
        TrustManagerFactory trust =
            TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
