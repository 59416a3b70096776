//! Connections to targets: secrets, encryption, how long they may take.

use std::path::PathBuf;
use std::time::Duration;

use alerts::{Encryption, Link, Secret, Target, TargetKind};
use connectors::{Access, Tls};
use model::Fault;

use super::super::context::Context;
use super::super::passphrase;

/// How the connection to a target is made; what holds for those without one is never asked.
///
/// # Errors
/// `no-password`; I/O faults of a file with a secret.
pub(super) fn access(context: &Context, target: &Target) -> Result<Access, Fault> {
    let timeout = Duration::from_secs(target.timeout.seconds().max(1));
    let root = context.project.root();
    let access = Access {
        folder: root.to_path_buf(),
        connect_timeout: timeout,
        statement_timeout: timeout,
        ..Access::default()
    };
    Ok(match &target.kind {
        TargetKind::Syslog { ca, .. } => Access { ca: ca.as_deref().map(PathBuf::from), ..access },
        TargetKind::Email(mail) => of_link(context, &mail.link, access)?,
        TargetKind::Nats(nats) => Access {
            credentials: nats.credentials.as_deref().map(PathBuf::from),
            ..of_link(context, &nats.link, access)?
        },
        _ => access,
    })
}

fn of_link(context: &Context, link: &Link, access: Access) -> Result<Access, Fault> {
    let password = match &link.secret {
        None => None,
        Some(Secret::File(file)) => Some(passphrase::first_line(&context.project.root().join(file))?),
        Some(Secret::Variable(name)) => match std::env::var(name) {
            Ok(secret) if !secret.is_empty() => Some(secret.into()),
            _ => {
                let message = format!("The variable {name}, which holds the password of {}, is not set", link.url());
                return Err(Fault::refused("no-password", message)
                    .advise("Set it for this run, or name a file with password_file."));
            }
        },
    };
    let tls = match link.encryption {
        Encryption::Auto => Tls::Auto,
        Encryption::Always => Tls::Always,
        Encryption::Never => Tls::Never,
    };
    Ok(Access { user: link.user.clone(), password, ca: link.ca.as_deref().map(PathBuf::from), tls, ..access })
}

/// What a store calls its trouble, as the trouble of a target. `again`: whether the next attempt may go better.
pub(super) fn failed(place: &str, fault: &Fault, again: bool) -> Fault {
    let code = if again { "target-failed" } else { "target-refused" };
    Fault::unavailable(code, format!("{place} could not be told: {}", fault.message()))
        .advise("Check the address, the name in the certificate and the password of the target.")
}
