//! Keys that want their PIN again before each signature (`CKA_ALWAYS_AUTHENTICATE`): those of PIV cards and of many that are
//! qualified. The second login stands between the beginning of a signature and its end (PKCS#11 2.40, C_Login), and cryptoki
//! does both in one call: here the end is asked for alone.

use std::path::Path;

use cryptoki::context::Function;
use cryptoki::error::{Error, Rv, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV, CK_SESSION_HANDLE, CK_ULONG};

/// The bytes of r ‖ s on P-256.
const SIGNATURE: usize = 64;

type Sign = unsafe extern "C" fn(CK_SESSION_HANDLE, *mut u8, CK_ULONG, *mut u8, *mut CK_ULONG) -> CK_RV;

/// How to sign with such a key.
pub(super) struct Again {
    /// `None` where the keypad of the token asks for it.
    pin: Option<AuthPin>,
    sign: Sign,
    /// What `sign` stands in.
    _library: cryptoki_sys::Pkcs11,
}

/// Whether `key` is one of them.
pub(super) fn is_wanted(session: &Session, key: ObjectHandle) -> bool {
    let found = session.get_attributes(key, &[AttributeType::AlwaysAuthenticate]).unwrap_or_default();
    found.contains(&Attribute::AlwaysAuthenticate(true))
}

impl Again {
    /// Opens the library that `session` is of once more; the system gives the same one. `None` where it cannot sign.
    pub(super) fn new(library: &Path, pin: Option<AuthPin>) -> Option<Again> {
        let (library, sign) = open(library)?;
        Some(Again { pin, sign, _library: library })
    }

    /// r ‖ s over `digest`.
    ///
    /// # Errors
    /// What the token says.
    pub(super) fn sign(&self, session: &Session, key: ObjectHandle, digest: &[u8]) -> Result<Vec<u8>, Error> {
        session.sign_init(&Mechanism::Ecdsa, key)?;
        match session.login(UserType::ContextSpecific, self.pin.as_ref()) {
            // It said that it would ask, and does not.
            Ok(()) | Err(Error::Pkcs11(RvError::OperationNotInitialized, _)) => self.end(session, digest),
            Err(error) => Err(error),
        }
    }

    /// The signature that was begun in `session`.
    #[expect(unsafe_code, reason = "cryptoki has no C_Sign without C_SignInit before it")]
    fn end(&self, session: &Session, digest: &[u8]) -> Result<Vec<u8>, Error> {
        let (mut digest, mut signature) = (digest.to_vec(), vec![0; SIGNATURE]);
        let mut length = SIGNATURE as CK_ULONG;
        // SAFETY: both buffers live through the call and are as long as it is told; the function is that of C_Sign in a
        // library that is loaded as long as `self` is, and the session is one of that library.
        let answer = unsafe {
            (self.sign)(
                session.handle(),
                digest.as_mut_ptr(),
                digest.len() as CK_ULONG,
                signature.as_mut_ptr(),
                &raw mut length,
            )
        };
        Rv::from(answer).into_result(Function::Sign)?;
        signature.truncate(length as usize);
        Ok(signature)
    }
}

#[expect(unsafe_code, reason = "a library that is loaded at run time is asked for its functions")]
fn open(path: &Path) -> Option<(cryptoki_sys::Pkcs11, Sign)> {
    let mut list: *mut CK_FUNCTION_LIST = std::ptr::null_mut();
    // SAFETY: the path is that of the library that cryptoki has loaded and begun already, so nothing in it runs for the first
    // time; C_GetFunctionList only writes a pointer to a list that lives as long as the library.
    unsafe {
        let library = cryptoki_sys::Pkcs11::new(path).ok()?;
        Rv::from(library.C_GetFunctionList(&raw mut list)).into_result(Function::GetFunctionList).ok()?;
        let sign = list.as_ref()?.C_Sign?;
        Some((library, sign))
    }
}
