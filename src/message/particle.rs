//! Korean particles after names that are not known beforehand: 은 or 는, 이 or 가, by how the name ends.

/// The particle after `name`: of `after_consonant` and `after_vowel` the one that its sound takes, or both where nobody
/// can tell how it is read (`은(는)`, `(으)로`). Quotes and brackets around the name are not spoken.
pub fn particle(name: &str, after_consonant: &str, after_vowel: &str) -> String {
    // 으로, and what begins with it.
    let takes_rieul_as_vowel = after_consonant.starts_with("으로");
    match last_sound(name) {
        Some(Sound::Rieul) if takes_rieul_as_vowel => after_vowel.to_owned(),
        Some(Sound::Vowel) => after_vowel.to_owned(),
        Some(Sound::Rieul | Sound::Consonant) => after_consonant.to_owned(),
        None => match after_consonant.strip_suffix(after_vowel) {
            Some(linking) => format!("({linking}){after_vowel}"),
            None => format!("{after_consonant}({after_vowel})"),
        },
    }
}

enum Sound {
    Vowel,
    Rieul,
    Consonant,
}

/// How `name` ends in Korean; Latin letters are read in too many ways to tell.
fn last_sound(name: &str) -> Option<Sound> {
    let last = name.chars().rev().find(|letter| letter.is_alphanumeric())?;
    Some(match last {
        '가'..='힣' => match (last as u32 - '가' as u32) % 28 {
            0 => Sound::Vowel,
            8 => Sound::Rieul,
            _ => Sound::Consonant,
        },
        // 영, 삼 and 육 end in a consonant, 일, 칠 and 팔 in ㄹ.
        '0' | '3' | '6' => Sound::Consonant,
        '1' | '7' | '8' => Sound::Rieul,
        '2' | '4' | '5' | '9' => Sound::Vowel,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::particle;

    #[test]
    fn particles_follow_the_sound() {
        assert_eq!(particle("베이스", "은", "는"), "는");
        assert_eq!(particle("모델", "이", "가"), "이");
        assert_eq!(particle("`모델`", "과", "와"), "과");
        assert_eq!(
            ["모델", "병합", "0.7", "16"].map(|name| particle(name, "으로", "로")),
            ["로", "으로", "로", "으로"]
        );
        assert_eq!(["3", "2"].map(|name| particle(name, "과", "와")), ["과", "와"]);
        assert_eq!(particle("lm_head", "은", "는"), "은(는)");
        assert_eq!(particle("lm_head", "으로", "로"), "(으)로");
        assert_eq!(particle("", "이", "가"), "이(가)");
    }
}
