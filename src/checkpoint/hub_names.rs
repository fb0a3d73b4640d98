//! Names on the Hub of quantised copies and of the models that they are copies of, by the customs of those who publish
//! them.

/// Endings of names of quantised copies, in lower case, longest first.
const ENDINGS: [&str; 28] = [
    "-unsloth-bnb-4bit",
    "-bnb-4bit",
    "-bnb-8bit",
    "-4bit-mlx",
    "-8bit-mlx",
    "-mlx-4bit",
    "-mlx-8bit",
    "-4bit-dwq",
    "-2bit",
    "-3bit",
    "-4bit",
    "-5bit",
    "-6bit",
    "-8bit",
    "-awq-int4",
    "-awq",
    "-fp8-dynamic",
    "-fp8-block",
    "-fp8",
    "-nvfp4",
    "-mxfp4",
    "-mxfp8",
    "-int4",
    "-int8",
    "-w4a16",
    "-w8a8",
    "-w8a16",
    "-quantized",
];

/// Words that begin an ending of any length: `-GPTQ-Int4`, `-quantized.w4a16`.
const OPEN_ENDINGS: [&str; 2] = ["-gptq", "-quantized."];

/// Who publishes copies of other people's models under their own names; the original is not theirs.
const COPIERS: [&str; 8] = [
    "mlx-community",
    "lmstudio-community",
    "thebloke",
    "redhatai",
    "neuralmagic",
    "nvidia",
    "hugging-quants",
    "ista-daslab",
];

/// How names of models begin, in lower case, whose models they are, and how the name begins there where it differs. A
/// longer beginning stands before a shorter one.
const FAMILIES: [(&str, &str, Option<&str>); 28] = [
    ("meta-llama-3.1-", "meta-llama", Some("Llama-3.1-")),
    ("meta-llama-", "meta-llama", None),
    ("llama-3-", "meta-llama", Some("Meta-Llama-3-")),
    ("llama-", "meta-llama", None),
    ("codellama-", "codellama", None),
    ("qwen", "Qwen", None),
    ("qwq-", "Qwen", None),
    ("codegemma-", "google", None),
    ("gemma-", "google", None),
    ("medgemma-", "google", None),
    ("mistral-", "mistralai", None),
    ("mixtral-", "mistralai", None),
    ("ministral-", "mistralai", None),
    ("magistral-", "mistralai", None),
    ("devstral-", "mistralai", None),
    ("pixtral-", "mistralai", None),
    ("phi-", "microsoft", None),
    ("smollm", "HuggingFaceTB", None),
    ("tinyllama", "TinyLlama", None),
    ("deepseek-", "deepseek-ai", None),
    ("gpt-oss-", "openai", None),
    ("granite-", "ibm-granite", None),
    ("olmo-", "allenai", None),
    ("starcoder2-", "bigcode", None),
    ("falcon", "tiiuae", None),
    ("yi-", "01-ai", None),
    ("exaone-", "LGAI-EXAONE", None),
    ("glm-", "zai-org", None),
];

/// `name` without the ending that says that it is a quantised copy; `None` for one without.
#[must_use]
pub fn plain_name(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let last = lower.rfind('/').map_or(0, |slash| slash + 1);
    // An open ending holds closed ones: `-GPTQ-Int4`.
    let open = OPEN_ENDINGS.iter().find_map(|ending| lower[last..].find(ending).map(|at| &lower[..last + at]));
    let plain = open.or_else(|| ENDINGS.iter().find_map(|ending| lower.strip_suffix(ending)))?;
    // A name that is nothing but an ending says no model.
    (plain.len() > last).then(|| &name[..plain.len()])
}

/// The names under which the original of the quantised copy `name` may be published, likeliest first; none for a name
/// that says no quantised copy.
#[must_use]
pub fn original_names(name: &str) -> Vec<String> {
    let Some(plain) = plain_name(name) else { return Vec::new() };
    let Some((owner, model)) = plain.split_once('/').filter(|(_, model)| !model.contains('/')) else {
        return vec![plain.to_owned()];
    };
    let is_copier = COPIERS.contains(&owner.to_ascii_lowercase().as_str());
    let own = (!is_copier).then(|| plain.to_owned());
    let lower = model.to_ascii_lowercase();
    let family = FAMILIES.iter().find(|(beginning, ..)| lower.starts_with(beginning));
    let theirs = family.map(|(beginning, owner, renamed)| match renamed {
        Some(renamed) => format!("{owner}/{renamed}{}", &model[beginning.len()..]),
        None => format!("{owner}/{model}"),
    });
    let mut names: Vec<String> = own.into_iter().chain(theirs).collect();
    names.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_originals_of_quantised_copies_follow_from_their_names() {
        for (name, originals) in [
            ("unsloth/Qwen2.5-0.5B-bnb-4bit", &["unsloth/Qwen2.5-0.5B", "Qwen/Qwen2.5-0.5B"][..]),
            (
                "unsloth/Llama-3.2-1B-Instruct-unsloth-bnb-4bit",
                &["unsloth/Llama-3.2-1B-Instruct", "meta-llama/Llama-3.2-1B-Instruct"],
            ),
            ("unsloth/llama-3-8b-bnb-4bit", &["unsloth/llama-3-8b", "meta-llama/Meta-Llama-3-8b"]),
            ("unsloth/Meta-Llama-3.1-8B-bnb-4bit", &["unsloth/Meta-Llama-3.1-8B", "meta-llama/Llama-3.1-8B"]),
            ("mlx-community/Mistral-7B-Instruct-v0.3-4bit", &["mistralai/Mistral-7B-Instruct-v0.3"]),
            ("mlx-community/Qwen3-8B-4bit-DWQ", &["Qwen/Qwen3-8B"]),
            ("mlx-community/some-own-model-4bit", &[]),
            ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4", &["Qwen/Qwen2.5-7B-Instruct"]),
            ("TheBloke/Mistral-7B-v0.1-GPTQ", &["mistralai/Mistral-7B-v0.1"]),
            ("Qwen/Qwen3-8B-AWQ", &["Qwen/Qwen3-8B"]),
            ("Qwen/Qwen3-8B-FP8", &["Qwen/Qwen3-8B"]),
            ("RedHatAI/gemma-2-9b-it-quantized.w4a16", &["google/gemma-2-9b-it"]),
            ("somebody/Toy-bnb-4bit", &["somebody/Toy"]),
            ("/home/me/models/Toy-bnb-4bit", &["/home/me/models/Toy"]),
            ("Qwen/Qwen2.5-0.5B", &[]),
            ("org/-4bit", &[]),
        ] {
            assert_eq!(original_names(name), originals, "{name}");
        }
    }
}
