//! From an edition to one recipient's letter: who it is from, to whom, and its exact bytes.

use super::works::{Setup, Works};
use crate::config::DigestConfig;
use crate::edition::{self, RenderOptions, leave};
use crate::mail::{self, Address, Attachment, BuildError, Envelope};
use crate::model::{ADMIN_DIGEST, Edition, Rendered};
use crate::store::{NewDelivery, StoreError};
use crate::web;
use ring::rand::{SecureRandom as _, SystemRandom};

/// Sender and recipient of mails as files where the config names none (RFC 2606: no such host).
const NOBODY: &str = "diem-bao@diembao.invalid";
/// The media type of a Word file (ECMA-376).
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
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

/// What the footer of an edition says: of this digest, and of the number under which it has its page.
pub fn render_options(setup: &Setup, digest: &DigestConfig, number: u32) -> RenderOptions {
    let sender = setup
        .config
        .smtp
        .as_ref()
        .map(|smtp| smtp.from.address.as_str());
    let by_mail = || {
        let to = digest.contact.as_deref().or(sender).unwrap_or(NOBODY);
        to.parse::<Address>().ok().map(|to| unsubscribe(&to))
    };
    RenderOptions {
        contact: digest.contact.clone(),
        unsubscribe: leave_page(setup, digest, leave::NOBODYS).or_else(by_mail),
        web_url: setup
            .config
            .web
            .page(&web::edition_path(&digest.name, number)),
        note: setup.template_faults.first().map(edition::fallback_note),
    }
}

fn unsubscribe(to: &Address) -> String {
    mail::unsubscribe_mailto(to, UNSUBSCRIBE_SUBJECT)
}

/// The address of the page where the word `token` takes effect: where there is one, over https as RFC 8058 has it, and for
/// recipients of the config. An admin's mails are the config's own affair.
fn leave_page(setup: &Setup, digest: &DigestConfig, token: &str) -> Option<String> {
    let web = &setup.config.web;
    let safe = web
        .public_url
        .as_ref()
        .is_some_and(|url| url.scheme() == "https");
    let ours = digest.name.as_str() != ADMIN_DIGEST && !digest.recipients.is_empty();
    (safe && ours).then(|| web.page(&leave::path(token)))?
}

/// Writes the letters of one edition; what all have in common is made once.
pub struct Writer<'a> {
    setup: &'a Setup,
    digest: &'a DigestConfig,
    composed: &'a Composed,
    attachments: Vec<Attachment>,
    /// Signs the words by which recipients leave; `None` where they can leave by mail only.
    key: Option<leave::Key>,
}

impl<'a> Writer<'a> {
    /// With the files that go with the edition, and the key that recipients' words are signed with.
    ///
    /// # Errors
    /// When the store fails, or a file cannot be made.
    pub async fn new(
        works: &Works,
        setup: &'a Setup,
        digest: &'a DigestConfig,
        composed: &'a Composed,
    ) -> Result<Self, LetterError> {
        let key = match leave_page(setup, digest, leave::NOBODYS) {
            Some(_) => Some(leave_key(works).await?),
            None => None,
        };
        Ok(Self {
            setup,
            digest,
            composed,
            attachments: attachments(setup, digest, composed)?,
            key,
        })
    }

    /// One delivery for each recipient of the digest.
    ///
    /// # Errors
    /// See [`Self::letter`].
    pub fn letters(&self) -> Result<Vec<NewDelivery>, LetterError> {
        recipients(self.digest)
            .iter()
            .map(|recipient| self.letter(recipient))
            .collect()
    }

    /// The exact bytes of one recipient's mail, and its Message-ID.
    ///
    /// # Errors
    /// When the letter cannot be written; never because of what a newspaper wrote.
    pub fn letter(&self, recipient: &str) -> Result<NewDelivery, LetterError> {
        let own_page = self.own_page(recipient);
        let envelope = self.envelope(recipient, own_page.clone())?;
        let rendered = &self.composed.rendered;
        let nobodys = leave_page(self.setup, self.digest, leave::NOBODYS);
        let letter = match nobodys.zip(own_page) {
            Some((nobodys, own)) => {
                let own = leave::made_out(rendered, &nobodys, &own);
                mail::build(&envelope, &own, &self.attachments)?
            }
            None => mail::build(&envelope, rendered, &self.attachments)?,
        };
        let smtp = self.setup.config.smtp.as_ref();
        let wanted = smtp.and_then(|smtp| smtp.dkim.as_ref());
        let message = match (&self.setup.signer, wanted) {
            (Some(signer), _) => signer.sign(&letter),
            (None, None) => letter,
            (None, Some(dkim)) => return Err(LetterError::NoKey(dkim.domain.clone())),
        };
        Ok(NewDelivery {
            recipient: recipient.to_owned(),
            message_id: envelope.message_id,
            message,
        })
    }

    /// Where this recipient takes leave, by the word of this letter: the same for the same edition.
    fn own_page(&self, recipient: &str) -> Option<String> {
        let issued = self.composed.edition.composed_at;
        let token = leave::token(&self.key?, &self.digest.name, recipient, issued);
        leave_page(self.setup, self.digest, &token)
    }

    fn envelope(&self, recipient: &str, own_page: Option<String>) -> Result<Envelope, LetterError> {
        let (digest, edition) = (self.digest, &self.composed.edition);
        let smtp = self.setup.config.smtp.as_ref();
        let sender = smtp.map(|smtp| &smtp.from);
        let from = sender
            .map_or_else(
                || digest.contact.as_deref().unwrap_or(NOBODY),
                |s| s.address.as_str(),
            )
            .parse::<Address>()?;
        let contact = digest
            .contact
            .as_deref()
            .and_then(|contact| contact.parse::<Address>().ok());
        Ok(Envelope {
            from_name: sender
                .and_then(|sender| sender.name.clone())
                .unwrap_or_else(|| digest.title.clone()),
            unsubscribe_mailto: Some(unsubscribe(contact.as_ref().unwrap_or(&from))),
            unsubscribe_https: own_page,
            reply_to: smtp
                .and_then(|smtp| smtp.reply_to.as_ref())
                .and_then(|to| to.address.parse::<Address>().ok())
                .or(contact),
            recipient: recipient.parse()?,
            list_name: digest.title.clone(),
            list_id: format!("{}.{}", digest.name, from.domain()),
            message_id: mail::message_id(
                digest.name.as_str(),
                edition.number,
                recipient,
                from.domain(),
            ),
            date: edition
                .composed_at
                .to_zoned(self.setup.config.daemon.time_zone.clone()),
            from,
        })
    }
}

/// The key that signs; made at its first use.
async fn leave_key(works: &Works) -> Result<leave::Key, LetterError> {
    if let Some(key) = works.store.leave_key().await? {
        return Ok(key);
    }
    let mut fresh = leave::Key::default();
    SystemRandom::new()
        .fill(&mut fresh)
        .map_err(|_| LetterError::NoRandom)?;
    Ok(works.store.set_leave_key(fresh).await?)
}

/// What goes with the mails of an edition: the Word file, where the digest's carry it.
///
/// # Errors
/// When its archive cannot be written.
fn attachments(
    setup: &Setup,
    digest: &DigestConfig,
    composed: &Composed,
) -> Result<Vec<Attachment>, LetterError> {
    if !digest.docx.attach {
        return Ok(Vec::new());
    }
    let edition = &composed.edition;
    Ok(vec![Attachment {
        name: format!(
            "{} số {} ({}).docx",
            digest.title,
            edition.number,
            edition.date.strftime("%d-%m-%Y")
        ),
        content_type: DOCX.to_owned(),
        bytes: word_file(setup, digest, edition)?,
    }])
}

/// The edition as a Word file; the same bytes each time.
///
/// # Errors
/// When its archive cannot be written.
pub fn word_file(
    setup: &Setup,
    digest: &DigestConfig,
    edition: &Edition,
) -> Result<Vec<u8>, edition::WordError> {
    let options = render_options(setup, digest, edition.number);
    edition::docx(edition, &digest.docx, &options)
}

/// Why a letter could not be written.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// The key that signs recipients' words cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no random bytes for that key.
    #[error("the system gives no random bytes")]
    NoRandom,
    /// An address is none.
    #[error(transparent)]
    Address(#[from] mail::AddressError),
    /// See [`BuildError`].
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Its Word file could not be made.
    #[error(transparent)]
    Word(#[from] edition::WordError),
    /// The key comes with the service, and this process is not the service.
    #[error("[smtp] dkim: the key of {0} is not to be had here; let the service compose")]
    NoKey(String),
}
