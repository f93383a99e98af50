// SPDX-License-Identifier: MIT OR Apache-2.0
//! Capitals and small letters of the alphabets that homes are named in: Latin, Greek, Cyrillic, Armenian.
//!
//! std knows all of Unicode's, in tables of 28 KiB; this is what matching a device's name and a key's capital need.
//! Any other letter is its own small letter, so two such names only match as they are written.

/// The small letter of a capital; anything else as it is.
pub fn small(letter: char) -> char {
    let code = u32::from(letter);
    let later = match letter {
        'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' | 'Α'..='Ρ' | 'Σ'..='Ϋ' | 'А'..='Я' => 0x20,
        'Ѐ'..='Џ' => 0x50,
        'Ա'..='Ֆ' => 0x30,
        // A capital before its small letter, capitals even: Ā ā to ķ, Ŋ ŋ to ŷ, and the Cyrillic ones beyond Russian.
        'Ā'..='į' | 'Ĳ'..='ķ' | 'Ŋ'..='ŷ' | 'Ѡ'..='ҁ' | 'Ҋ'..='ҿ' | 'Ӑ'..='\u{52f}'
            if code % 2 == 0 =>
        {
            1
        }
        // The same with odd capitals.
        'Ĺ'..='ň' | 'Ź'..='ž' if code % 2 == 1 => 1,
        'Ÿ' => return 'ÿ',
        _ => 0,
    };
    char::from_u32(code + later).unwrap_or(letter)
}

/// A text in small letters.
pub fn small_text(text: &str) -> String {
    text.chars().map(small).collect()
}

/// The capital of a small letter, where it has one of these alphabets.
pub fn capital(letter: char) -> Option<char> {
    let before = |by: u32| char::from_u32(u32::from(letter).checked_sub(by)?);
    let near = [0x20, 1, 0x50, 0x30].into_iter().filter_map(before);
    near.chain(['Ÿ'])
        .find(|capital| *capital != letter && small(*capital) == letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabets_are_those_of_unicode() {
        // What is left to std's tables: İ is two letters small, and these stand apart from their partners.
        let apart = ['İ', 'Ϳ', 'Ά', 'Έ', 'Ή', 'Ί', 'Ό', 'Ύ', 'Ώ'];
        for capital_letter in '\0'..'\u{590}' {
            let mut lower = capital_letter.to_lowercase();
            let alphabet = ('\u{180}'..'\u{390}').contains(&capital_letter)
                || ('\u{3cf}'..'\u{400}').contains(&capital_letter)
                || ('\u{4c0}'..'\u{4d0}').contains(&capital_letter);
            let want = match lower.next() {
                Some(one) if !alphabet && !apart.contains(&capital_letter) => one,
                _ => capital_letter,
            };
            assert_eq!(small(capital_letter), want, "{capital_letter:?}");
            if want != capital_letter {
                assert_eq!(capital(want), Some(capital_letter), "{want:?}");
            }
        }
        assert_eq!(
            small_text("Küche ÄÖÜ Ωμέγα ДОМ Łódź 灯"),
            "küche äöü ωμέγα дом łódź 灯"
        );
        for none in ['1', 'A', 'ß', '灯', '-'] {
            assert_eq!(capital(none), None, "{none:?}");
        }
    }
}
