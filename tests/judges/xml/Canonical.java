// Apache Santuario, which every JDK carries, puts elements into canonical form.
//
//   java --add-exports java.xml.crypto/com.sun.org.apache.xml.internal.security.c14n=ALL-UNNAMED \
//        --add-exports java.xml.crypto/com.sun.org.apache.xml.internal.security=ALL-UNNAMED Canonical.java < LINES
//
// A line is METHOD TAB PREFIXES TAB NUMBER TAB BASE64 OF A DOCUMENT; the answer to it is the canonical form, in base64, of the
// NUMBER-th element of the document, from 0 on.

import com.sun.org.apache.xml.internal.security.Init;
import com.sun.org.apache.xml.internal.security.c14n.Canonicalizer;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.util.Base64;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Node;

public class Canonical {
    public static void main(String[] arguments) throws Exception {
        Init.init();
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        DocumentBuilder builder = factory.newDocumentBuilder();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] fields = line.split("\t", -1);
            byte[] bytes = Base64.getDecoder().decode(fields[3]);
            Document document = builder.parse(new ByteArrayInputStream(bytes));
            Node element = document.getElementsByTagName("*").item(Integer.parseInt(fields[2]));
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            Canonicalizer canonicalizer = Canonicalizer.getInstance(fields[0]);
            if (fields[1].isEmpty()) {
                canonicalizer.canonicalizeSubtree(element, out);
            } else {
                canonicalizer.canonicalizeSubtree(element, fields[1], out);
            }
            System.out.println(Base64.getEncoder().encodeToString(out.toByteArray()));
        }
    }
}
