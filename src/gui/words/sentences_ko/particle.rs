//! Particles after names that are not known beforehand: 은 or 는, 이 or 가, by how the name ends.

/// A pair of particles: after a consonant, after a vowel, and for a name whose sound nobody can tell.
#[derive(Clone, Copy, Debug)]
pub struct Particle(&'static str, &'static str, &'static str);

/// 은, 는.
pub const TOPIC: Particle = Particle("은", "는", "은(는)");
/// 이, 가.
pub const SUBJECT: Particle = Particle("이", "가", "이(가)");
/// 과, 와.
pub const WITH: Particle = Particle("과", "와", "과(와)");
/// 으로, 로.
pub const TO: Particle = Particle("으로", "로", "(으)로");

/// `name` with its particle; quotes and brackets around the name are not spoken.
pub fn with(name: &str, particle: Particle) -> String {
    let Particle(after_consonant, after_vowel, unknown) = particle;
    let takes_ro = particle.0 == TO.0;
    let particle = match last_sound(name) {
        Some(Sound::Vowel) => after_vowel,
        Some(Sound::Rieul) if takes_ro => after_vowel,
        Some(Sound::Rieul | Sound::Consonant) => after_consonant,
        None => unknown,
    };
    format!("{name}{particle}")
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
    use super::*;

    #[test]
    fn particles_follow_the_sound() {
        assert_eq!(with("베이스", TOPIC), "베이스는");
        assert_eq!(with("모델", SUBJECT), "모델이");
        assert_eq!(with("`모델`", WITH), "`모델`과");
        assert_eq!([with("모델", TO), with("병합", TO), with("0.7", TO)], ["모델로", "병합으로", "0.7로"]);
        assert_eq!([with("3", WITH), with("2", WITH), with("16", TO)], ["3과", "2와", "16으로"]);
        assert_eq!(with("lm_head", TOPIC), "lm_head은(는)");
        assert_eq!(with("", SUBJECT), "이(가)");
    }
}
