//! Handing a mail to a server (RFC 5321), encrypted before anything is said that is nobody else's business.
//!
//! The whole conversation is over within the time and the bytes that a target has, whatever the server says.

use std::io::Write as _;

use alerts::Mail;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use connectors::{Access, Channel};
use model::Fault;
use zeroize::Zeroizing;

use super::link;

/// What a server says in one conversation, at most.
const BYTES_MAX: u64 = 256 << 10;
const LINES_MAX: usize = 200;
/// What is repeated of a server's words.
const WORDS_MAX: usize = 200;

/// A conversation.
struct Talk<'a> {
    channel: Channel,
    place: &'a str,
    /// The last answer to EHLO.
    offers: Vec<String>,
    is_encrypted: bool,
}

/// What a server answered: its number, and its words.
struct Answer {
    code: u16,
    lines: Vec<String>,
}

/// Sends it to everybody whom the server takes; who is refused for good is named in what it gives. Somebody who may be taken
/// later holds up the others: they are tried again together.
///
/// # Errors
/// `target-failed`: another attempt may go better; `target-refused`: the server will not take it, however often it is asked.
pub(super) fn send(mail: &Mail, message: &str, access: &Access) -> Result<Option<String>, Fault> {
    let place = mail.link.url();
    let mut talk = Talk::begin(mail, &place, access)?;
    talk.log_in(access)?;
    talk.command(&format!("MAIL FROM:<{}>", mail.from), &[250])?;
    let mut refused = Vec::new();
    for to in &mail.to {
        match talk.command(&format!("RCPT TO:<{to}>"), &[250, 251]) {
            Err(fault) if fault.code() == "target-refused" && refused.len() + 1 < mail.to.len() => {
                refused.push(to.as_str())
            }
            answer => drop(answer?),
        }
    }
    talk.command("DATA", &[354])?;
    let body: String = message.split_inclusive('\n').map(stuffed).collect();
    talk.say(&format!("{body}.\r\n"))?;
    talk.heard("the mail", &[250])?;
    // It has the mail: what it says to a farewell is its own business.
    let _ = talk.say("QUIT\r\n");
    Ok((!refused.is_empty()).then(|| format!("the server took it, but not for {}", refused.join(", "))))
}

/// RFC 5321 §4.5.2: a dot at the beginning of a line would end the mail.
fn stuffed(line: &str) -> String {
    if line.starts_with('.') { format!(".{line}") } else { line.to_owned() }
}

impl<'a> Talk<'a> {
    fn begin(mail: &Mail, place: &'a str, access: &Access) -> Result<Self, Fault> {
        let wanted = mail.link.scheme == "smtps" || access.tls.wanted(&mail.link.host);
        let lost = |error: std::io::Error| lost(place, &error);
        let channel = Channel::connect(&mail.link.host, mail.link.port, access.connect_timeout).map_err(lost)?;
        channel.expect(Some(access.connect_timeout), BYTES_MAX);
        let encrypt = |channel: Channel| channel.encrypted(access).map_err(|fault| link::failed(place, &fault, true));
        let is_encrypted = mail.link.scheme == "smtps";
        let channel = if is_encrypted { encrypt(channel)? } else { channel };
        let mut talk = Talk { channel, place, offers: Vec::new(), is_encrypted };
        talk.heard("the connection", &[220])?;
        talk.greet()?;
        if !wanted || is_encrypted {
            return Ok(talk);
        }
        // RFC 3207: no silent way back to the clear. What the server said before counts no longer.
        if !talk.offers("STARTTLS") {
            return Err(talk.refused("it offers no STARTTLS, and nothing is said to it in the clear"));
        }
        talk.command("STARTTLS", &[220])?;
        let mut talk = Talk { channel: encrypt(talk.channel)?, is_encrypted: true, ..talk };
        talk.greet()?;
        Ok(talk)
    }

    fn greet(&mut self) -> Result<(), Fault> {
        // RFC 5321 §4.1.3; the name of this machine is nobody's business.
        let here = match self.channel.here() {
            std::net::IpAddr::V4(number) => format!("[{number}]"),
            std::net::IpAddr::V6(number) => format!("[IPv6:{number}]"),
        };
        self.offers = self.command(&format!("EHLO {here}"), &[250])?.lines;
        Ok(())
    }

    /// Whether the server offers it, and in which words.
    fn words(&self, name: &str) -> Option<Vec<String>> {
        self.offers.iter().find_map(|line| {
            let mut words = line.split([' ', '=']).map(str::to_ascii_uppercase);
            (words.next()? == name).then(|| words.collect())
        })
    }

    fn offers(&self, name: &str) -> bool {
        self.words(name).is_some()
    }

    /// A password goes over an encrypted connection, or to this machine, or where the file says that it is never encrypted.
    fn log_in(&mut self, access: &Access) -> Result<(), Fault> {
        let (Some(user), Some(password)) = (&access.user, &access.password) else { return Ok(()) };
        let ways = self.words("AUTH").unwrap_or_default();
        let knows = |way: &str| ways.iter().any(|known| known == way);
        if knows("PLAIN") {
            let both = Zeroizing::new(format!("\0{user}\0{}", password.as_str()));
            let line = Zeroizing::new(format!("AUTH PLAIN {}", BASE64.encode(both.as_bytes())));
            return self.secret(&line, &[235]);
        }
        if knows("LOGIN") {
            self.secret("AUTH LOGIN", &[334])?;
            self.secret(&BASE64.encode(user), &[334])?;
            let password = Zeroizing::new(BASE64.encode(password.as_bytes()));
            return self.secret(&password, &[235]);
        }
        let how = if self.is_encrypted { "" } else { " in the clear; write tls: always" };
        Err(self.refused(&format!("it takes no password by PLAIN or LOGIN{how}")))
    }

    /// Says something that no message repeats.
    fn secret(&mut self, line: &str, good: &[u16]) -> Result<(), Fault> {
        self.say(&Zeroizing::new(format!("{line}\r\n")))?;
        self.heard("the password", good).map(drop)
    }

    fn command(&mut self, line: &str, good: &[u16]) -> Result<Answer, Fault> {
        self.say(&format!("{line}\r\n"))?;
        self.heard(line, good)
    }

    fn say(&mut self, text: &str) -> Result<(), Fault> {
        let said = self.channel.write_all(text.as_bytes()).and_then(|()| self.channel.flush());
        said.map_err(|error| lost(self.place, &error))
    }

    /// The answer, when its number is a good one.
    fn heard(&mut self, what: &str, good: &[u16]) -> Result<Answer, Fault> {
        let answer = self.answer()?;
        if good.contains(&answer.code) {
            return Ok(answer);
        }
        let words: String = answer.lines.join(" ").chars().filter(|c| !c.is_control()).take(WORDS_MAX).collect();
        let why = format!("to {what} it says {} {words}", answer.code);
        // RFC 5321 §4.2.1: five is for good, four may pass.
        if (500..600).contains(&answer.code) { Err(self.refused(&why)) } else { Err(failed(self.place, &why)) }
    }

    fn answer(&mut self) -> Result<Answer, Fault> {
        let mut lines = Vec::new();
        while lines.len() < LINES_MAX {
            let line = self.channel.line().map_err(|error| lost(self.place, &error))?;
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok()).filter(|code| (200..600).contains(code));
            let code = code.ok_or_else(|| failed(self.place, "it speaks no SMTP"))?;
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Answer { code, lines });
            }
        }
        Err(failed(self.place, "its answer has no end"))
    }

    fn refused(&self, why: &str) -> Fault {
        Fault::unavailable("target-refused", format!("{} does not take the mail: {why}", self.place))
            .advise("Check user, password, sender and recipients of the target, and tls.")
    }
}

fn lost(place: &str, error: &std::io::Error) -> Fault {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    match error.kind() {
        TimedOut | WouldBlock => failed(place, "it did not answer in time"),
        _ => failed(place, &error.to_string()),
    }
}

fn failed(place: &str, why: &str) -> Fault {
    Fault::unavailable("target-failed", format!("{place} did not take the mail: {why}"))
        .advise("Check that it runs, and the address of the target.")
}
