//! What stands in the place of weights or of an adapter, and what is wrong with a JSON file, in Korean.

use crate::{
    adapter::ForeignAdapter,
    checkpoint::{ForeignFormat, JsonProblem},
};

pub(super) const LFS_HINT: &str = "그 폴더에서 `git lfs pull`을 실행하거나 Hub에서 파일 자체를 내려받으세요";
const PEFT_FOLDER: &str = "PEFT의 폴더(adapter_config.json과 adapter_model.safetensors)를 고르세요";

/// What a file is.
pub(super) fn format(format: ForeignFormat) -> &'static str {
    match format {
        ForeignFormat::Gguf => "llama.cpp와 Ollama의 형식인 GGUF 파일입니다",
        ForeignFormat::Ggml => "GGUF 이전의 llama.cpp 형식인 GGML 파일입니다",
        ForeignFormat::LfsPointer => "파일 자체가 아니라 Git LFS 포인터입니다",
        ForeignFormat::WebPage => "파일 자체가 아니라 웹 페이지입니다",
        ForeignFormat::Diffusers => "이미지나 영상, 소리를 만드는 diffusers의 모델입니다",
        ForeignFormat::Consolidated => "Hugging Face가 아니라 만든 곳의 구조(consolidated)로 된 모델입니다",
        ForeignFormat::TensorFlow => "TensorFlow 가중치 파일입니다",
        ForeignFormat::Flax => "Flax 가중치 파일입니다",
        ForeignFormat::Onnx => "ONNX 그래프입니다",
    }
}

/// What to give as the base instead.
pub(super) fn hint_for_base(format: ForeignFormat) -> &'static str {
    match format {
        ForeignFormat::Gguf | ForeignFormat::Ggml => {
            "이 파일로 변환하기 전의 safetensors 원본을 고르세요. 병합한 뒤에 다시 변환할 수 있습니다"
        }
        ForeignFormat::Diffusers => {
            "이 프로그램은 언어 모델을 병합합니다. diffusers의 LoRA는 diffusers에서 합치세요(`load_lora_weights` 다음 `fuse_lora`)"
        }
        ForeignFormat::Consolidated => {
            "같은 모델을 Hugging Face의 구조(config.json과 model.safetensors)로 고르거나 transformers로 변환하세요"
        }
        ForeignFormat::TensorFlow | ForeignFormat::Flax | ForeignFormat::Onnx => {
            "같은 모델의 safetensors를 고르거나, transformers에서 불러와 `save_pretrained`로 저장하세요"
        }
        ForeignFormat::LfsPointer | ForeignFormat::WebPage => hint_for_file(format),
    }
}

/// What to give as the adapter instead.
pub(super) fn hint_for_adapter(format: ForeignFormat) -> &'static str {
    match format {
        ForeignFormat::Gguf | ForeignFormat::Ggml => {
            "이 파일로 변환하기 전의 PEFT 폴더(adapter_config.json과 adapter_model.safetensors)를 고르세요"
        }
        ForeignFormat::LfsPointer | ForeignFormat::WebPage => hint_for_file(format),
        ForeignFormat::Diffusers
        | ForeignFormat::Consolidated
        | ForeignFormat::TensorFlow
        | ForeignFormat::Flax
        | ForeignFormat::Onnx => PEFT_FOLDER,
    }
}

fn hint_for_file(format: ForeignFormat) -> &'static str {
    match format {
        ForeignFormat::WebPage => "파일이 아니라 그 파일을 보여 주는 페이지가 저장되었습니다. 파일 자체를 내려받으세요",
        _ => LFS_HINT,
    }
}

/// Whose adapter a file is.
pub(super) fn origin(origin: ForeignAdapter) -> &'static str {
    match origin {
        ForeignAdapter::Kohya => "kohya의 sd-scripts 형식으로 된 확산 모델용 LoRA입니다",
        ForeignAdapter::ComfyUi => "ComfyUI의 이름을 쓰는 확산 모델용 LoRA입니다",
        ForeignAdapter::Diffusers => "diffusers의 이름을 쓰는 확산 모델용 LoRA입니다",
        ForeignAdapter::LoraDownUp => "PEFT가 아니라 kohya 방식(lora_down, lora_up, alpha)의 LoRA입니다",
        ForeignAdapter::TextualInversion => "어댑터가 아니라 확산 모델의 임베딩(textual inversion)입니다",
        ForeignAdapter::Torchtune => "torchtune의 고유한 이름을 쓰는 LoRA입니다",
        ForeignAdapter::Megatron => "Megatron이나 NeMo의 고유한 이름을 쓰는 LoRA입니다",
    }
}

/// Where such a file can be used.
pub(super) fn origin_hint(origin: ForeignAdapter) -> &'static str {
    match origin {
        ForeignAdapter::Kohya
        | ForeignAdapter::ComfyUi
        | ForeignAdapter::Diffusers
        | ForeignAdapter::TextualInversion => {
            "이 프로그램은 언어 모델을 병합합니다. ComfyUI나 diffusers(`load_lora_weights`, `fuse_lora`)처럼 이미지를 만드는 곳에서 쓰세요"
        }
        ForeignAdapter::LoraDownUp => "학습에 쓴 라이브러리로 PEFT 형식으로 바꾸세요",
        ForeignAdapter::Torchtune => {
            "torchtune이 그 옆에 PEFT 형식으로 저장한 폴더(adapter_config.json과 adapter_model.*)를 고르세요"
        }
        ForeignAdapter::Megatron => "학습에 쓴 라이브러리(Megatron Bridge)로 Hugging Face 형식으로 내보내세요",
    }
}

/// What is wrong with a JSON file, without a period.
pub(super) fn json(problem: &JsonProblem) -> String {
    match problem {
        JsonProblem::Empty => "파일이 비어 있습니다".to_owned(),
        JsonProblem::EndsEarly { line } => format!("{line}번째 줄에서 끊깁니다"),
        JsonProblem::NotAnObject => "중괄호로 묶인 객체가 아닙니다".to_owned(),
        // The parser's own words.
        JsonProblem::Syntax { said } => said.clone(),
    }
}

/// What to do about it.
pub(super) fn json_hint(problem: &JsonProblem) -> &'static str {
    match problem {
        JsonProblem::Empty | JsonProblem::EndsEarly { .. } => {
            "내려받거나 복사하다가 끊겼습니다. 이 파일을 다시 내려받으세요"
        }
        JsonProblem::NotAnObject => "이름과 다른 파일입니다. 다시 내려받으세요",
        JsonProblem::Syntax { .. } => "직접 고친 파일이면 그 자리를 바로잡고, 아니면 다시 내려받으세요",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::words::sentences_ko::speaks_korean;

    #[test]
    fn every_foreign_thing_is_said_in_korean() {
        for one in ForeignFormat::ALL {
            speaks_korean(format(one), &one.to_string(), &["니다"]);
            speaks_korean(hint_for_base(one), one.hint_for_base(), &["세요"]);
            speaks_korean(hint_for_adapter(one), one.hint_for_adapter(), &["세요"]);
        }
        for one in ForeignAdapter::ALL {
            speaks_korean(origin(one), &one.to_string(), &["니다"]);
            speaks_korean(origin_hint(one), one.hint(), &["세요"]);
        }
        let problems = [JsonProblem::Empty, JsonProblem::EndsEarly { line: 7 }, JsonProblem::NotAnObject];
        for problem in problems {
            speaks_korean(&json(&problem), &problem.to_string(), &["니다"]);
            speaks_korean(json_hint(&problem), problem.hint(), &["세요"]);
        }
    }
}
