//! What this room accepts at most.

/// The limits of this room. All of them bound hostile input; none is met in honest use.
pub struct Limits;

impl Limits {
    /// Bytes of a signed note: 33 lines of ML-DSA-44 witnesses and more fit well.
    pub const NOTE_BYTES: usize = 1 << 20;
    /// Signature lines of a signed note; the standard asks for at least 16, our policy format for 33.
    pub const NOTE_SIGNATURES: usize = 256;
    /// Bytes of a key file, a public key or a detached signature.
    pub const KEY_FILE_BYTES: usize = 64 << 10;
    /// Bytes of an ssh-agent's answer, as in OpenSSH.
    pub const AGENT_BYTES: usize = 256 << 10;
    /// Bytes of an attestation (DSSE).
    pub const ATTESTATION_BYTES: usize = 16 << 20;
    /// Bytes of an OpenTimestamps proof. One with a dozen calendars has 10,000.
    pub const OTS_BYTES: usize = 64 << 10;
    /// Bytes that a calendar may answer, as in the `ots` client.
    pub const OTS_ANSWER_BYTES: usize = 10_000;
    /// Bytes of a message or an argument in a proof, as in the `ots` client.
    pub const OTS_MESSAGE_BYTES: usize = 4096;
    /// Bytes of what an attestation in a proof says, as in the `ots` client.
    pub const OTS_PAYLOAD_BYTES: usize = 8192;
    /// Bytes of a calendar's address, as in the `ots` client.
    pub const OTS_URI_BYTES: usize = 1000;
    /// Messages in a row in a proof, as in the `ots` client.
    pub const OTS_DEPTH: usize = 256;
    /// Bytes of an XML document with signatures: 50,000 signed files fit.
    pub const XML_BYTES: usize = 32 << 20;
    /// Elements inside one another in XML.
    pub const XML_DEPTH: usize = 100;
    /// Elements, texts and comments of an XML document.
    pub const XML_NODES: usize = 1 << 20;
    /// Attributes of one element in XML, and namespaces that are declared around it.
    pub const XML_ATTRIBUTES: usize = 64;
    /// Bytes of one attribute in XML.
    pub const XML_ATTRIBUTE_BYTES: usize = 64 << 10;
    /// Signatures in one XML document.
    pub const XML_SIGNATURES: usize = 64;
    /// References of one signature to parts of its own document.
    pub const XML_OWN_REFERENCES: usize = 8;
    /// Depth of nested arrays and objects in canonical JSON.
    pub const JSON_DEPTH: usize = 128;
    /// The largest integer in canonical JSON: 2⁵³ − 1 (RFC 8785 Appendix D).
    pub const JSON_INTEGER_MAX: u64 = (1 << 53) - 1;
    /// log₂ N of the scrypt that protects a key file: 256 MiB and about a second.
    pub const WORK_FACTOR: u8 = 18;
    /// The largest log₂ N that is worth waiting for when reading: 4 GiB.
    pub const WORK_FACTOR_MAX: u8 = 22;

    /// Bytes of one certificate.
    pub const CERTIFICATE_BYTES: usize = 64 << 10;
    /// Certificates in one file or one signature: the trust store of a system has about 150.
    pub const CERTIFICATES: usize = 1024;
    /// Bytes of a file of certificates in PEM.
    pub const CERTIFICATES_PEM_BYTES: usize = 8 << 20;
    /// Extensions of one certificate, and entries of a list inside one.
    pub const EXTENSIONS: usize = 64;
    /// Bits of an RSA key that still counts (NIST SP 800-131A).
    pub const RSA_BITS_MIN: usize = 2048;
    /// Bits of an RSA key that is worth the time of checking.
    pub const RSA_BITS_MAX: usize = 8192;
    /// Certificates from a signer to its anchor, both counted.
    pub const PATH_CERTIFICATES: usize = 8;
    /// Signatures that are checked in looking for one path.
    pub const PATH_SIGNATURES: usize = 64;
    /// Bytes of a CMS signature or a time stamp token. Signatures for the long term carry revocation lists.
    pub const CMS_BYTES: usize = 32 << 20;
    /// Signers of one CMS signature.
    pub const CMS_SIGNERS: usize = 32;
    /// Attributes of one signer, and values of one attribute.
    pub const CMS_ATTRIBUTES: usize = 64;
    /// Time stamps over one signature that are looked at.
    pub const TIME_STAMPS: usize = 16;
    /// Answers about revocation, and lists, that are looked at for one signature: each.
    pub const REVOCATIONS: usize = 256;
    /// Answers about one certificate whose signatures are checked, and lists: each.
    pub const ANSWERS: usize = 16;
    /// Certificates that the signer may mean, for a signature names its certificate by what others can copy.
    pub const SIGNER_CERTIFICATES: usize = 8;
    /// Responders that may have signed one answer.
    pub const RESPONDERS: usize = 4;
    /// Bytes of an answer of an OCSP responder.
    pub const OCSP_BYTES: usize = 1 << 20;
    /// Certificates whose status one answer tells.
    pub const OCSP_ANSWERS: usize = 256;
    /// Bytes of a revocation list: the largest in public use have about 30 MiB.
    pub const CRL_BYTES: usize = 64 << 20;
}
