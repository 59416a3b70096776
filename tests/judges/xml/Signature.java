// XML signatures by the JDK (Apache Santuario, the library under EU DSS).
//
//   java Signature.java verify FOLDER XML
//        checks XML over the files of FOLDER: "VALID", or "INVALID" and the reason
//   java Signature.java sign FOLDER XML P12 METHOD DIGEST FORM FILE...
//        signs FILEs of FOLDER with the key in P12 (password "test") as XAdES does, and writes XML
//
// METHOD, DIGEST and FORM are the identifiers of algorithms.

import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.xml.crypto.Data;
import javax.xml.crypto.KeySelector;
import javax.xml.crypto.KeySelectorResult;
import javax.xml.crypto.OctetStreamData;
import javax.xml.crypto.URIDereferencer;
import javax.xml.crypto.dom.DOMStructure;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLObject;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.keyinfo.X509Data;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

public class Signature {
    static final String XADES = "http://uri.etsi.org/01903/v1.3.2#";
    static final XMLSignatureFactory XML = XMLSignatureFactory.getInstance("DOM");

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[1]);
        if (arguments[0].equals("verify")) {
            verify(folder, arguments[2]);
        } else {
            List<String> files = List.of(arguments).subList(7, arguments.length);
            sign(folder, arguments[2], arguments[3], arguments[4], arguments[5], arguments[6], files);
        }
    }

    static void verify(Path folder, String xml) throws Exception {
        Document document = builder().parse(xml);
        Element signature = (Element) document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature").item(0);
        DOMValidateContext context = new DOMValidateContext(new FromCertificate(), signature);
        context.setProperty("org.jcp.xml.dsig.secureValidation", true);
        context.setURIDereferencer(files(folder));
        identify(document);
        try {
            XMLSignature read = XML.unmarshalXMLSignature(context);
            if (!read.getSignatureValue().validate(context)) {
                System.out.println("INVALID value");
                return;
            }
            for (Object reference : read.getSignedInfo().getReferences()) {
                if (!((Reference) reference).validate(context)) {
                    System.out.println("INVALID " + ((Reference) reference).getURI());
                    return;
                }
            }
            System.out.println("VALID " + read.getSignedInfo().getReferences().size());
        } catch (Exception reason) {
            System.out.println("INVALID " + reason);
        }
    }

    static void sign(Path folder, String xml, String p12, String method, String digest, String form, List<String> files)
            throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new FileInputStream(p12), "test".toCharArray());
        String name = store.aliases().nextElement();
        Key key = store.getKey(name, "test".toCharArray());
        X509Certificate certificate = (X509Certificate) store.getCertificate(name);

        Document document = builder().newDocument();
        Element root = document.createElementNS("http://uri.etsi.org/02918/v1.2.1#", "asic:XAdESSignatures");
        document.appendChild(root);
        List<Reference> references = new ArrayList<>();
        for (String file : files) {
            references.add(XML.newReference(file, XML.newDigestMethod(digest, null)));
        }
        List<Transform> transforms = List.of(XML.newTransform(form, (TransformParameterSpec) null));
        references.add(XML.newReference(
                "#properties", XML.newDigestMethod(digest, null), transforms, "http://uri.etsi.org/01903#SignedProperties", null));
        Element properties = (Element) document.importNode(properties(certificate), true);
        root.appendChild(properties);
        identify(document);
        XMLObject object = XML.newXMLObject(List.of(new DOMStructure(properties)), null, null, null);
        KeyInfoFactory keys = XML.getKeyInfoFactory();
        X509Data data = keys.newX509Data(List.of(certificate));
        KeyInfo info = keys.newKeyInfo(List.of(data));
        XMLSignature signature = XML.newXMLSignature(
                XML.newSignedInfo(
                        XML.newCanonicalizationMethod(form, (C14NMethodParameterSpec) null),
                        XML.newSignatureMethod(method, null),
                        references),
                info, List.of(object), "one", "value");
        DOMSignContext context = new DOMSignContext(key, root);
        context.setDefaultNamespacePrefix("ds");
        context.setURIDereferencer(files(folder));
        context.setIdAttributeNS(signed(properties), null, "Id");
        signature.sign(context);
        TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(xml));
    }

    static Element properties(X509Certificate certificate) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
        String text = "<xades:QualifyingProperties xmlns:xades='" + XADES + "' xmlns:ds='" + XMLSignature.XMLNS
                + "' Target='#one'><xades:SignedProperties Id='properties'><xades:SignedSignatureProperties>"
                + "<xades:SigningTime>2026-01-03T09:00:00Z</xades:SigningTime><xades:SigningCertificateV2><xades:Cert>"
                + "<xades:CertDigest><ds:DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/><ds:DigestValue>"
                + Base64.getEncoder().encodeToString(digest) + "</ds:DigestValue></xades:CertDigest></xades:Cert>"
                + "</xades:SigningCertificateV2></xades:SignedSignatureProperties></xades:SignedProperties>"
                + "</xades:QualifyingProperties>";
        return builder().parse(new InputSource(new StringReader(text))).getDocumentElement();
    }

    static Element signed(Element properties) {
        return (Element) properties.getElementsByTagNameNS(XADES, "SignedProperties").item(0);
    }

    /** What has an attribute Id can be referred to. */
    static void identify(Document document) {
        NodeList elements = document.getElementsByTagNameNS(XADES, "SignedProperties");
        for (int at = 0; at < elements.getLength(); at++) {
            ((Element) elements.item(at)).setIdAttribute("Id", true);
        }
    }

    /** Paths are files of the folder; everything else is left to the library. */
    static URIDereferencer files(Path folder) {
        URIDereferencer library = XML.getURIDereferencer();
        return (reference, context) -> {
            String uri = reference.getURI();
            if (uri.startsWith("#")) {
                return library.dereference(reference, context);
            }
            try {
                String path = new java.net.URI(uri).getPath();
                Data data = new OctetStreamData(new ByteArrayInputStream(Files.readAllBytes(folder.resolve(path))));
                return data;
            } catch (Exception reason) {
                throw new javax.xml.crypto.URIReferenceException(reason);
            }
        };
    }

    static DocumentBuilder builder() throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder();
    }

    /** The key of the certificate in the signature. Whether it is to be trusted is not asked here. */
    static class FromCertificate extends KeySelector {
        @Override
        public KeySelectorResult select(
                KeyInfo info, Purpose purpose, javax.xml.crypto.AlgorithmMethod method, javax.xml.crypto.XMLCryptoContext context) {
            X509Data data = (X509Data) info.getContent().get(0);
            X509Certificate certificate = (X509Certificate) data.getContent().get(0);
            return certificate::getPublicKey;
        }
    }
}
