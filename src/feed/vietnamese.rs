//! The two Vietnamese charsets that the WHATWG list has no place for: VISCII 1.1 (RFC 1456) and TCVN 5712 (TCVN3).

/// Letters that stand where ASCII has controls, and the upper half.
struct Table {
    low: &'static [(u8, char)],
    high: &'static str,
}

const VISCII: Table = Table {
    low: &[
        (0x02, 'Ẳ'),
        (0x05, 'Ẵ'),
        (0x06, 'Ẫ'),
        (0x14, 'Ỷ'),
        (0x19, 'Ỹ'),
        (0x1e, 'Ỵ'),
    ],
    high: "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ",
};

// TCVN 5712 also has combining tones (0xB0-0xB4): the text is composed afterwards.
const TCVN: Table = Table {
    low: &[
        (0x01, 'Ú'),
        (0x02, 'Ụ'),
        (0x04, 'Ừ'),
        (0x05, 'Ử'),
        (0x06, 'Ữ'),
        (0x11, 'Ứ'),
        (0x12, 'Ự'),
        (0x13, 'Ỳ'),
        (0x14, 'Ỷ'),
        (0x15, 'Ỹ'),
        (0x16, 'Ý'),
        (0x17, 'Ỵ'),
    ],
    high: "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ\u{a0}ĂÂÊÔƠƯĐăâêôơưđẰ\u{300}\u{309}\u{303}\u{301}\u{323}àảãáạẲằẳẵắẴẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ",
};

/// Decodes bytes labelled as VISCII or TCVN; `None` for any other label.
pub(super) fn decode(label: &str, bytes: &[u8]) -> Option<(String, &'static str)> {
    let (table, name) = match label {
        "viscii" | "viscii1.1-1" | "csviscii" => (VISCII, "viscii"),
        "tcvn" | "tcvn3" | "tcvn-5712" | "tcvn5712" | "tcvn5712-1" | "x-viet-tcvn" => {
            (TCVN, "tcvn")
        }
        _ => return None,
    };
    let high: Vec<char> = table.high.chars().collect();
    let text = bytes
        .iter()
        .map(|&byte| match byte {
            0x80.. => high
                .get(usize::from(byte - 0x80))
                .copied()
                .unwrap_or('\u{fffd}'),
            _ => table
                .low
                .iter()
                .find(|(low, _)| *low == byte)
                .map_or(char::from(byte), |(_, c)| *c),
        })
        .collect();
    Some((text, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_one_character_for_each_byte() {
        for table in [&VISCII, &TCVN] {
            assert_eq!(table.high.chars().count(), 128);
        }
        assert_eq!(decode("viscii", b"\xd0\xe4ng b\xb5").unwrap().0, "Đảng bộ");
        assert_eq!(decode("tcvn3", b"\xa7\xb6ng b\xe9").unwrap().0, "Đảng bộ");
        assert!(decode("utf-8", b"x").is_none());
    }
}
