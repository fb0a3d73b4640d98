//! Korean.

use super::{
    view::{PerplexityTable, SizeStory, percent_change},
    words::Words,
};
use crate::units;

/// The Korean words.
pub static KOREAN: Words = Words {
    language_name: "한국어",
    language_tooltip: "Show in English",
    theme: "테마",
    theme_tooltip: "시스템, 밝게, 어둡게",

    modules: "모듈",
    merge: "병합",
    compare: "비교",
    report: "보고서",
    modules_tooltip: "어댑터가 바꾸는 것",
    merge_screen_tooltip: "병합 계획과 실행",
    compare_tooltip: "결과의 크기와 품질",
    report_tooltip: "파일별 검증",

    base: "베이스",
    adapter: "어댑터",
    output: "출력",
    base_empty: "모델 폴더, 1 GB든 150 GB든",
    adapter_empty: "학습이 저장한 폴더",
    output_empty: "새 폴더",
    base_expects: "config.json과 safetensors 가중치",
    adapter_expects: "adapter_config.json과 adapter_model.safetensors",
    output_expects: "기존 파일을 덮어쓰지 않음",
    path_hint: "폴더를 놓거나 경로를 붙여넣기",
    output_hint: "둘 다 정해지면 제안",
    opening: "헤더를 읽는 중…",
    new_folder: "새 폴더",
    does_not_open: "열 수 없음",
    does_not_fit: "맞지 않음",
    writing: "쓰는 중",
    merged: "병합됨",
    verified: "검증됨",
    not_verified: "증명 안 됨",
    params: |count| format!("파라미터 {count}"),
    shards: |count| format!("샤드 {count}개"),
    tensors: |count| format!("텐서 {count}개"),
    browse: "찾아보기…",
    browse_base_tooltip: "베이스 모델 폴더 선택",
    browse_adapter_tooltip: "어댑터 폴더 선택",
    browse_output_tooltip: "병합 폴더를 만들 위치 선택",
    path_label: |well| format!("{well} 경로"),

    welcome_title: "LoRA 어댑터를 베이스에 합치고, 그 증거를 봅니다",
    welcome_text: "두 폴더를 창 어디에나 놓으세요. 각각 제자리를 찾아갑니다. 병합을 누르기 전에는 아무것도 쓰지 않습니다.",
    sample_title: "샘플로 시작하기",
    built_in: "내장",
    sample_text: "영어와 한국어를 배운 작은 실제 Llama와, 한국어 대화로 ORPO 학습한 실제 어댑터입니다.",
    open_sample: "샘플 열기",
    open_sample_tooltip: "내장된 모델과 어댑터를 채웁니다",
    sample_promise: "두 칸을 채웁니다. 네트워크를 쓰지 않습니다.",
    questions_title: "네 가지 질문과 답이 있는 곳",
    questions: [
        ("어댑터가 무엇을 바꿨나?", "모든 모듈과 그 크기, 얼마나 움직였는지."),
        ("베이스 없이 동작하나?", "파일 하나하나, 증거와 함께 검사합니다."),
        ("파일이 왜 작아졌나?", "구성 요소와 자료형별 바이트를 한 문장으로."),
        ("전만큼 좋은가?", "내 글로 잰 퍼플렉시티를 구간과 함께, 베이스와 나란히."),
    ],

    ready: "준비됨",
    drop_here: "놓으세요. 폴더가 제자리를 찾아갑니다",
    not_a_model: "모델도 어댑터도 아닌 폴더입니다. config.json, adapter_config.json, 가중치가 없습니다",
    fits: "어댑터가 베이스와 맞습니다. 아직 아무것도 저장하지 않았습니다.",
    does_not_fit_status: "모든 어댑터 텐서가 자리를 찾기 전에는 병합할 수 없습니다. 아무것도 저장하지 않았습니다.",
    base_only: "베이스를 열었습니다. 어댑터를 더하면 바뀌는 것을 보여 줍니다.",
    adapter_only: "어댑터를 열었습니다. 학습에 쓴 베이스를 더하세요.",
    checks_passed: |count| format!("검사 {count}개를 모두 통과했습니다. 병합할 수 있습니다."),
    merging_status: "병합 중입니다. 취소해도 끝난 부분은 다음 실행을 위해 남습니다.",
    cancelled_status: "취소했습니다. 끝난 부분은 남아 있으며, 다시 병합하면 이어서 진행합니다.",
    threads: |count| format!("CPU {count} 스레드"),

    table: "표",
    printed: "print(model)",
    printed_tooltip: "PyTorch가 출력하는 두 트리",
    only_changed: "바뀐 것만",
    filter_hint: "모듈 찾기",
    filter_tooltip: "경로에 이 글자가 있는 모듈만",
    tensors_change: |changed, total| (format!("텐서 {total}개 중 {changed}개"), "가 바뀜".to_owned()),
    rank: "랭크",
    scale: "배율",
    dtype: "자료형",
    module: "모듈",
    tensors_placed: |placed, total| format!("어댑터 텐서 {total}개 중 {placed}개 적용"),
    tree_footer: |total, changed| format!("텐서 {total}개 · {changed}개 변경 · {}개는 베이스 값 유지", total - changed),
    no_rows: "맞는 모듈이 없습니다. 찾기를 지우면 모두 보입니다.",
    unchanged: "그대로",
    change_by_layer: "레이어별 변화량",
    change_waits: "병합이 W의 모든 행을 읽고 나면 각 모듈의 ‖Δ‖ / ‖W‖가 여기에 나옵니다.",
    layer: "레이어",
    selected_module: "선택한 모듈",
    select_a_module: "행을 고르면 크기와 배율, 변화량을 보여 줍니다.",
    kept_in: |dtype| format!("{dtype} 보존율"),
    norm_note: "‖Δ‖ = ‖배율 · BA‖, 프로베니우스 노름. W의 모든 행을 읽었습니다.",
    printed_note: "병합 뒤의 트리는 첫째와 똑같이 출력됩니다. lora.Linear는 다시 Linear가 됩니다.",
    printed_summary: |differing, added| format!("{differing}줄이 다르고, {added}줄은 둘째에만 있음"),
    printed_same: "베이스만",
    base_and_adapter: "베이스 + 어댑터",
    lines: |count| format!("{count}줄"),
    copy: "복사",
    copy_base_tree: "베이스 트리 복사",
    copy_adapted_tree: "어댑터 트리 복사",

    misfit_title: |misfit, total| {
        format!("이 어댑터는 이 베이스와 맞지 않습니다. 텐서 {total}개 중 {misfit}개가 자리를 찾지 못했습니다")
    },
    misfit_summary: |count| format!("어댑터 텐서 {count}개에 자리가 없음"),
    misfit_table: "자리가 없는 어댑터 텐서",
    in_the_adapter: "어댑터에서",
    nearest_in_the_base: "베이스에서 가장 가까운 것",
    shape: "크기",
    reason: "이유",
    choose_another_adapter: "다른 어댑터 선택…",
    choose_another_base: "다른 베이스 선택…",
    says_its_base_is: "어댑터가 밝힌 베이스",

    plan_subtitle: "계획입니다. 아직 아무것도 저장하지 않았습니다.",
    read: "읽기",
    write: "쓰기",
    free_disk: "남은 디스크",
    tensors_figure: "텐서",
    read_note: |base, adapter| format!("베이스 {base} + 어댑터 {adapter}"),
    write_note: |weights, shards| format!("가중치 {weights}, 샤드 {shards}개"),
    tensors_note: |changed| format!("{changed}개를 갱신"),
    on_this_volume: "이 볼륨에서",
    what_will_be_done: "할 일",
    same_plan: "실행은 이 계획 그대로입니다",
    step: "단계",
    count: "개수",
    how: "방법",
    update: "갱신",
    replace: "교체",
    add: "추가",
    convert: "변환",
    copy_step: "복사",
    edit: "편집",
    files: |count| format!("파일 {count}개"),
    update_how: |scale, dtype| format!("F32로 W + {scale} · BA, 그 뒤 {dtype}로 한 번 반올림"),
    update_how_kept: "F32로 W + 배율 · BA, 그 뒤 한 번 반올림",
    checks_title: "쓰기 전 검사",
    passed_of: |passed, total| format!("{total}개 중 {passed}개 통과"),
    partial_note: |name| format!("작업은 {name} 에서 합니다. 완성되어야 폴더가 제 이름을 얻습니다."),
    options: "옵션",
    output_dtype: "출력 자료형",
    keep_dtype: |dtype| format!("{dtype} 유지"),
    keep_note: "더한 값만 반올림합니다",
    bf16_note: "F32와 같은 범위, 유효 8비트",
    f16_note: "더 촘촘한 간격, 최댓값 65,504",
    f32_note: "F16과 BF16 값을 모두 정확히 담습니다",
    strength: "세기",
    strength_note: "1이 학습한 그대로입니다",
    tokenizer: "토크나이저와 채팅 템플릿",
    creates: "만들 폴더",
    merge_to: |dtype| format!("{dtype}로 병합"),
    merge_tooltip: "계획대로 병합하고 결과를 검사합니다",
    warnings: "알아 둘 점",
    cannot_plan_chip: "만들 수 없음",
    plan_again: "다시 계획",

    merging: "병합 중",
    stages: ["읽으며 병합", "디스크에 기록", "검증"],
    cancel: "취소",
    cancelling: "취소하는 중…",
    cancel_tooltip: "바로 멈춥니다. 끝난 부분은 다음 실행을 위해 남겨 둡니다",
    interrupted_note: |bytes| {
        format!("중단된 병합이 {bytes}를 끝내 두었습니다. 입력과 옵션이 같으면 이어서 진행합니다.")
    },
    computed_on: "계산 장치",
    device_note: "어느 쪽이든 디스크가 속도를 정합니다",
    device_auto: "짧게 재어 더 빠른 쪽",
    device_cpu: |threads| format!("CPU, 스레드 {threads}개"),
    discard: "버리기",
    discard_tooltip: "중단된 병합이 남긴 것을 지웁니다. 다른 것은 건드리지 않습니다",
    discarded: "중단된 병합이 남긴 것을 지웠습니다.",
    bytes_of: |done, total| format!("{done} / {total}"),
    now: "지금",
    elapsed: "경과",
    left_about: "남은 시간, 약",
    throughput: "처리량",
    tensors_done: "텐서",
    events: "기록",
    shards_title: "샤드",
    merge_failed: "병합이 멈췄습니다",
    nothing_left: "남은 파일은 없습니다",
    worker_lost: "작업이 이유 없이 멈췄습니다. 알려 주세요.",
    no_file_dialog: "이 데스크톱에는 파일 대화 상자가 없습니다. 폴더를 여기에 놓거나 경로를 붙여 넣으세요.",
    fault_title: "Lorafuse 자체의 오류로 창이 닫혔습니다",
    fault_text: "지금까지 병합한 내용은 남아 있어, 같은 병합을 다시 시작하면 멈춘 곳에서 이어집니다. 이 기록과 함께 오류를 알려 주세요.",
    fault_copy: "경로 복사",
    fault_close: "닫기",
    merge_done: "병합하고 검사했습니다",
    largest_change: "가장 큰 ‖Δ‖ / ‖W‖",
    written: "쓴 양",
    duration: "걸린 시간",
    lost_targets: |count| format!("변화 {count}개가 반올림으로 모두 사라짐. 더 촘촘한 자료형이면 남습니다"),
    no_lost_targets: |count| format!("변화 {count}개가 모두 반올림 뒤에도 남음"),
    see_compare: "베이스와 비교",
    see_report: "보고서 읽기",

    size: "크기",
    size_note: |unit| format!("구성 요소별 텐서 데이터, {unit}"),
    as_stored: |dtype| format!("저장된 그대로, {dtype}"),
    cast_to: |dtype| format!("{dtype}로 변환하면"),
    perplexity: "퍼플렉시티",
    perplexity_waits: "아직 재지 않았습니다. 학습에 쓰지 않은 글을 고르거나 여기에 놓으세요. 베이스, 베이스 + 어댑터, 병합이 같은 토큰을 잽니다.",
    measure_on_texts: "텍스트 파일로 재기…",
    measure_on_sample: "샘플 텍스트로 재기",
    measuring: "재는 중…",
    interval: "95 % 구간",
    vs_base: "베이스 대비",
    tokens: |count| format!("토큰 {}개", units::count(count as u64)),
    lower_is_better: "낮을수록 좋음, 로그 눈금",
    weak_interval: "회색 구간은 128토큰 블록이 30개가 안 되는 글이라 확실하지 않습니다. 두 블록이 안 되면 구간이 없습니다.",
    component: "구성 요소",
    total: "합계",
    merged_model: "병합",
    compare_subtitle: "병합으로 달라진 것과 그대로인 것",

    verdict_passed: "이 모델은 혼자서 동작합니다",
    verdict_warning: "이 모델은 혼자서 동작합니다. 알아 둘 점이 있습니다",
    verdict_failed: "이 폴더는 말한 대로의 병합이 아닙니다",
    verdict_unknown: "증명하지 못했습니다. 검사를 할 수 없었습니다",
    verdict_note: |passed, total| {
        format!("검사 {total}개 중 {passed}개 통과. 기록을 믿지 않고 베이스와 어댑터로 다시 계산했습니다.")
    },
    verify_again: "다시 검증",
    verify_again_tooltip: "베이스, 어댑터, 출력을 다시 읽습니다",
    verified_in: |duration| format!("{duration} 만에 검증"),
    verifying: "검증하는 중…",
    does_not_prove: "증명하지 않는 것: 모델이 더 좋다는 것",
    does_not_prove_note: "이 검사는 폴더에 베이스 + 어댑터만 들어 있음을 증명합니다. 품질은 비교에서 봅니다.",
    manifest: "파일 목록",
    manifest_note: |count, bytes| format!("파일 {count}개, {bytes}"),
    file: "파일",
    bytes: "바이트",
    export_title: "내보내기",
    export_note: "논문, 스크립트, 모델 카드를 위해",
    export: "보고서 저장",
    export_tooltip: "병합 폴더 옆에 report.json과 report.md를 씁니다",
    exported: |path| format!("보고서를 썼습니다. {path}"),
    open_folder: "폴더 열기",
    open_folder_tooltip: "파일 관리자에서 병합 폴더를 봅니다",
    overview: "모든 차이. 누르면 그곳으로",
    checks_of: |passed, total| format!("검사 {total}개 중 {passed}개를 통과했습니다."),

    recent_pairs: "최근에 연 쌍",
    clear_list: "목록 비우기",
    clear_list_tooltip: "목록만 지우고 폴더는 그대로 둡니다",
    state: "상태",
    not_merged: "병합 안 됨",
    gone: "폴더 없음",
    same_parameters: "파라미터 그대로",
    as_bf16: "BF16일 때",
    modules_count: |count| format!("모듈 {count}개"),
    estimated: "≈ W의 일부 행으로",
    estimated_tooltip: "Δ는 정확한 값이고, W는 병합하면서 모두 읽습니다. 그 뒤에는 정확한 값이 됩니다.",
    norm_note_before: "‖Δ‖ = ‖배율 · BA‖, 프로베니우스 노름. ‖W‖는 일부 행으로 어림했습니다.",
    see_merge: "병합 보기",
    merged_to: "병합한 폴더",
    merge_keeping: |dtype| format!("{dtype} 그대로 병합"),
    merge_done_subtitle: "끝났습니다. 폴더가 완성되었고 검사했습니다.",
    updated_tensors: "갱신한 텐서",
    largest_first: "변화가 큰 것부터",
    elements_changed: "바뀐 원소",
    throughput_note: |unit| format!("쓰기 {unit}/s, 1초 평균"),
    complete_of: |complete, total| format!("{total}개 중 {complete}개 완료"),
    tensors_written: |count| format!("텐서 {count}개 씀"),
    bytes_note: "바이트까지 그대로",
    size_story,
    perplexity_story,
    perplexity_column: "퍼플렉시티",
    measuring_note: "베이스, 베이스 + 어댑터, 병합이 같은 토큰을 차례로 읽습니다. 그동안 창을 계속 쓸 수 있습니다.",
    measure_on_texts_tooltip: "어느 학습에도 쓰지 않은 글. 창에 놓아도 됩니다",
    no_interval: "구간 없음: 너무 짧음",
    blocks: |count| format!("블록 {count}개"),
    origin: "출처",
    edited: "편집",
    copied: "복사",
    choose_base: "베이스 선택…",
};

/// Why the file has the size that it has.
fn size_story(story: &SizeStory) -> String {
    let weights = if story.base_parameters == story.merged_parameters {
        format!("가중치 {}개 그대로", units::count(story.merged_parameters))
    } else {
        let (from, to) = (units::count(story.base_parameters), units::count(story.merged_parameters));
        format!("가중치 {from}개에서 {to}개로")
    };
    let merge = match story.added_parameters() {
        0 => "병합이 더한 것은 0바이트이고, 잘라 낸 것도 없습니다.".to_owned(),
        added => format!("병합이 가중치 {}개를 더했습니다.", units::count(added)),
    };
    let bits = story.merged_bits;
    if story.is_dtype_kept {
        return format!("{weights}, 자료형도 베이스와 같아 파일 크기가 그대로입니다. {merge}");
    }
    if story.base_bits == bits {
        return format!("{weights}, 하나에 {bits}비트도 전과 같아 파일 크기가 그대로입니다. {merge}");
    }
    let share = if story.is_half() {
        "파일이 절반이 됩니다".to_owned()
    } else {
        format!("파일이 {:.0} %가 됩니다", story.ratio() * 100.0)
    };
    format!("{weights}, 하나에 {}비트가 {bits}비트로 바뀌어 {share}. {merge}", story.base_bits)
}

/// How the merged model does against the base, and whether the merge itself cost anything.
fn perplexity_story(table: &PerplexityTable) -> String {
    let texts: Vec<String> = table
        .texts
        .iter()
        .filter_map(|text| {
            let pair = text.pair?;
            let interval = pair.interval.map_or_else(
                || "구간을 내기에 너무 짧음".to_owned(),
                |interval| format!("{} ~ {}", percent_change(interval.low), percent_change(interval.high)),
            );
            Some(format!("{} {} ({interval})", text.name, percent_change(pair.ratio)))
        })
        .collect();
    let against_base = if texts.is_empty() {
        String::new()
    } else {
        format!("같은 토큰에서 베이스 대비 병합, 괄호는 95 % 구간: {}. ", texts.join(", "))
    };
    let merge = table.largest_merge_difference().map_or_else(String::new, |difference| {
        if difference < 5e-5 {
            return "병합과 베이스 + 어댑터의 차이는 0.01 %보다 작습니다.".to_owned();
        }
        format!("병합과 베이스 + 어댑터의 차이는 많아야 {:.2} %입니다.", difference * 100.0)
    });
    format!("{against_base}{merge}")
}

#[cfg(test)]
mod tests {
    use super::KOREAN;

    #[test]
    fn sentences_keep_their_numbers() {
        assert_eq!((KOREAN.tensors_change)(28, 39).0, "텐서 39개 중 28개");
        assert!((KOREAN.manifest_note)(10, "10.0 MB").contains("10.0 MB"));
    }
}
