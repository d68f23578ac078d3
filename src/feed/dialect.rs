//! What the elements of RSS (all of them), RDF, Atom 0.3 and 1.0, CDF and their common modules mean to us.

/// A vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// RSS, Atom or CDF: they do not collide.
    Core,
    /// Dublin Core elements.
    Dublin,
    /// Dublin Core terms.
    Terms,
    /// RSS 1.0 content module.
    Content,
    /// XHTML.
    Xhtml,
    /// RDF.
    Rdf,
    /// RSS 1.0 syndication module.
    Syndication,
    /// Nothing to us.
    Other,
}

/// What an element is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Holds the feed: `rss`, `rdf:RDF`.
    Root,
    /// `channel`, `feed`.
    Feed,
    /// `item`, `entry`.
    Entry,
    /// A property, and how strongly it speaks beside others of its kind.
    Field(Field, u8),
    /// Nothing to us.
    Other,
}

/// A property of a feed or an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    Title,
    Link,
    Summary,
    Content,
    Published,
    Updated,
    Author,
    Category,
    Enclosure,
    Language,
    Ttl,
    SkipHours,
    SkipDays,
    UpdatePeriod,
    UpdateFrequency,
}

impl Field {
    /// Whether it holds one line, so that the tag of the next property ends it where its own end tag is missing.
    pub(super) fn is_short(self) -> bool {
        !matches!(
            self,
            Self::Summary | Self::Content | Self::Author | Self::SkipHours | Self::SkipDays
        )
    }
}

/// The vocabulary of a namespace address; `None` for one we do not know.
pub(super) fn space_of(uri: &str) -> Option<Space> {
    let uri = uri.trim().to_ascii_lowercase();
    let uri = uri
        .trim_end_matches('/')
        .trim_start_matches("https:")
        .trim_start_matches("http:");
    Some(match uri {
        "//purl.org/dc/elements/1.1" | "//purl.org/dc/elements/1.0" => Space::Dublin,
        "//purl.org/dc/terms" => Space::Terms,
        "//purl.org/rss/1.0/modules/content" => Space::Content,
        "//purl.org/rss/1.0/modules/syndication" => Space::Syndication,
        "//www.w3.org/1999/xhtml" => Space::Xhtml,
        "//www.w3.org/1999/02/22-rdf-syntax-ns#" => Space::Rdf,
        "//www.w3.org/2005/atom"
        | "//purl.org/rss/1.0"
        | "//my.netscape.com/rdf/simple/0.9"
        | "//purl.org/net/rss1.1#" => Space::Core,
        // Atom before 1.0 changed its address with its name: pie, echo, necho.
        "//purl.org/pie"
        | "//purl.org/echo"
        | "//example.com/necho"
        | "//example.com/newformat#" => Space::Core,
        _ if uri.starts_with("//purl.org/atom/ns#")
            || uri.starts_with("uri/of/echo/namespace#") =>
        {
            Space::Core
        }
        _ if uri.starts_with("//backend.userland.com/")
            || uri.starts_with("//blogs.law.harvard.edu/tech/rss") =>
        {
            Space::Core
        }
        _ if uri.starts_with("//purl.org/rss/1.0/modules/rss091")
            || uri.starts_with("//www.rssboard.org/rss-spec") =>
        {
            Space::Core
        }
        "" => Space::Core,
        _ => return None,
    })
}

/// The vocabulary that a prefix means where the document forgot to say.
pub(super) fn space_of_prefix(prefix: &str) -> Space {
    match prefix {
        "dc" => Space::Dublin,
        "dcterms" | "dct" => Space::Terms,
        "content" => Space::Content,
        "xhtml" | "html" => Space::Xhtml,
        "rdf" => Space::Rdf,
        "sy" => Space::Syndication,
        "atom" | "atom10" | "a10" | "rss" | "rss1" => Space::Core,
        _ => Space::Other,
    }
}

/// What the element is for; `local` in lower case.
pub(super) fn role(space: Space, local: &str) -> Role {
    match space {
        Space::Core => core(local),
        Space::Rdf if local == "rdf" => Role::Root,
        Space::Dublin | Space::Terms => dublin(local),
        Space::Content if local == "encoded" => Role::Field(Field::Content, 3),
        Space::Xhtml if matches!(local, "body" | "div") => Role::Field(Field::Content, 2),
        Space::Syndication if local == "updateperiod" => Role::Field(Field::UpdatePeriod, 3),
        Space::Syndication if local == "updatefrequency" => Role::Field(Field::UpdateFrequency, 3),
        _ => Role::Other,
    }
}

fn core(local: &str) -> Role {
    let (field, strength) = match local {
        "rss" | "rdf" => return Role::Root,
        "feed" | "channel" => return Role::Feed,
        "item" | "entry" => return Role::Entry,
        "title" => (Field::Title, 3),
        "link" => (Field::Link, 3),
        "a" => (Field::Link, 1),
        "guid" | "id" => (Field::Id, 3),
        "description" | "summary" | "abstract" | "subtitle" | "tagline" => (Field::Summary, 3),
        "content" | "fullitem" => (Field::Content, 2),
        "body" => (Field::Content, 1),
        "published" => (Field::Published, 4),
        "pubdate" | "issued" => (Field::Published, 3),
        "created" => (Field::Published, 1),
        "updated" => (Field::Updated, 4),
        "modified" | "lastbuilddate" => (Field::Updated, 3),
        "lastmod" => (Field::Updated, 2),
        "author" => (Field::Author, 3),
        "managingeditor" => (Field::Author, 2),
        "webmaster" => (Field::Author, 1),
        "category" => (Field::Category, 3),
        "enclosure" => (Field::Enclosure, 3),
        "language" => (Field::Language, 3),
        "ttl" => (Field::Ttl, 3),
        "skiphours" => (Field::SkipHours, 3),
        "skipdays" => (Field::SkipDays, 3),
        _ => return Role::Other,
    };
    Role::Field(field, strength)
}

fn dublin(local: &str) -> Role {
    let (field, strength) = match local {
        "title" => (Field::Title, 1),
        "description" | "abstract" => (Field::Summary, 1),
        "creator" | "author" => (Field::Author, 3),
        "publisher" => (Field::Author, 0),
        "subject" => (Field::Category, 3),
        "date" | "issued" | "available" => (Field::Published, 2),
        "created" => (Field::Published, 1),
        "modified" => (Field::Updated, 2),
        "language" => (Field::Language, 2),
        "identifier" => (Field::Id, 1),
        _ => return Role::Other,
    };
    Role::Field(field, strength)
}
