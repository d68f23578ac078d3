//! From an edition to one recipient's letter: who it is from, to whom, and its exact bytes.

use super::works::Setup;
use crate::config::DigestConfig;
use crate::edition::RenderOptions;
use crate::mail::{self, Address, BuildError, Envelope};
use crate::model::{Edition, Rendered};

/// Sender and recipient of mails as files where the config names none (RFC 2606: no such host).
const NOBODY: &str = "diem-bao@diembao.invalid";
/// The subject of a mail by which a recipient takes leave.
const UNSUBSCRIBE_SUBJECT: &str = "Ngừng nhận điểm báo";

/// An edition with its forms, frozen or not.
#[derive(Debug, Clone)]
pub struct Composed {
    /// What it says.
    pub edition: Edition,
    /// As it is sent.
    pub rendered: Rendered,
    /// Whether this call froze it.
    pub frozen: bool,
}

/// Who gets a digest: its recipients, or for one without any the file's own reader.
pub fn recipients(digest: &DigestConfig) -> Vec<String> {
    if digest.recipients.is_empty() {
        return vec![digest.contact.clone().unwrap_or_else(|| NOBODY.to_owned())];
    }
    digest
        .recipients
        .iter()
        .map(|recipient| recipient.address.clone())
        .collect()
}

/// What the edition's footer says of this digest.
pub fn render_options(setup: &Setup, digest: &DigestConfig) -> RenderOptions {
    let sender = setup
        .config
        .smtp
        .as_ref()
        .map(|smtp| smtp.from.address.as_str());
    let leave = digest
        .contact
        .as_deref()
        .or(sender)
        .unwrap_or(NOBODY)
        .parse::<Address>()
        .ok();
    RenderOptions {
        contact: digest.contact.clone(),
        unsubscribe: leave.map(|to| unsubscribe(&to)),
        web_url: None,
    }
}

fn unsubscribe(to: &Address) -> String {
    mail::unsubscribe_mailto(to, UNSUBSCRIBE_SUBJECT)
}

/// The exact bytes of one recipient's mail, and its Message-ID.
///
/// # Errors
/// When the letter cannot be written; never because of what a newspaper wrote.
pub fn letter(
    setup: &Setup,
    digest: &DigestConfig,
    composed: &Composed,
    recipient: &str,
) -> Result<(String, Vec<u8>), LetterError> {
    let smtp = setup.config.smtp.as_ref();
    let sender = smtp.map(|smtp| &smtp.from);
    let from = sender
        .map_or_else(
            || digest.contact.as_deref().unwrap_or(NOBODY),
            |s| s.address.as_str(),
        )
        .parse::<Address>()?;
    let edition = &composed.edition;
    let message_id = mail::message_id(
        digest.name.as_str(),
        edition.number,
        recipient,
        from.domain(),
    );
    let contact = digest
        .contact
        .as_deref()
        .and_then(|contact| contact.parse::<Address>().ok());
    let leave = contact.as_ref().unwrap_or(&from);
    let envelope = Envelope {
        from_name: sender
            .and_then(|sender| sender.name.clone())
            .unwrap_or_else(|| digest.title.clone()),
        reply_to: smtp
            .and_then(|smtp| smtp.reply_to.as_ref())
            .and_then(|to| to.address.parse::<Address>().ok())
            .or(contact.clone()),
        recipient: recipient.parse()?,
        list_name: digest.title.clone(),
        list_id: format!("{}.{}", digest.name, from.domain()),
        unsubscribe_mailto: Some(unsubscribe(leave)),
        unsubscribe_https: None,
        message_id: message_id.clone(),
        date: edition
            .composed_at
            .to_zoned(setup.config.daemon.time_zone.clone()),
        from,
    };
    let letter = mail::build(&envelope, &composed.rendered, &[])?;
    let wanted = smtp.and_then(|smtp| smtp.dkim.as_ref());
    let letter = match (&setup.signer, wanted) {
        (Some(signer), _) => signer.sign(&letter),
        (None, None) => letter,
        (None, Some(dkim)) => return Err(LetterError::NoKey(dkim.domain.clone())),
    };
    Ok((message_id, letter))
}

/// Why a letter could not be written.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// An address is none.
    #[error(transparent)]
    Address(#[from] mail::AddressError),
    /// See [`BuildError`].
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The key comes with the service, and this process is not the service.
    #[error("[smtp] dkim: the key of {0} is not to be had here; let the service compose")]
    NoKey(String),
}
