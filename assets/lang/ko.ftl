# 프로그램이 하는 말. en.ftl과 id, 속성, 변수가 같다.

accept-loss = 손실을 받아들이고 병합
accept-loss-note = 압축하면 어댑터의 변화가 절반도 남지 않습니다. 16비트는 변화를 남깁니다
lines-more = 외 { $more }개
list-more = { $shown } 외 { $more }개

## Window

adapter = 어댑터
adapter-empty = 학습이 저장한 폴더
adapter-expects = adapter_config.json과 가중치
adapter-only = 어댑터를 열었습니다. 학습에 쓴 베이스를 더하세요.
add = 추가
add-adapter = 어댑터 추가…
    .tooltip = 첫 어댑터 위에 함께 합칠 어댑터
added-file = 추가
age-days = { $value }일 전
age-hours = { $value }시간 전
age-just-now = 방금
age-minutes = { $value }분 전
all-commands = 모든 명령
and-time-left = { $moved } · 약 { $left } 남음
another-place = 다른 위치…
answer-tokens = { $count }토큰
answers = 답
answers-differ = 병합과 베이스 + 어댑터의 답이 갈립니다. 비슷한 토큰 사이에서는 반올림이 선택을 바꿀 수 있습니다.
answers-equal = 병합과 베이스 + 어댑터의 답이 글자까지 같습니다.
answers-note = 탐욕적으로, 최대 64토큰
answers-wait = 시간을 잴 때 모델마다 프롬프트에 답합니다.
as-bf16 = BF16일 때
as-stored = 저장된 그대로, { $dtype }
base = 베이스
base-and-adapter = 베이스 + 어댑터
base-empty = 모델 폴더, 1 GB든 150 GB든
base-expects = config.json과 safetensors 가중치
base-in-text = 베이스
base-only = 베이스를 열었습니다. 어댑터를 더하면 바뀌는 것을 보여 줍니다.
being-checked = 검사 중
bf16-note = F32와 같은 범위, 유효 8비트
blocks = 블록 { $count }개
browse = 찾아보기…
browse-adapter-tooltip = 어댑터 폴더 선택
browse-base-tooltip = 베이스 모델 폴더 선택
browse-output-tooltip = 병합 폴더를 만들 위치 선택
built-in = 내장
bytes = 바이트
bytes-note = 바이트까지 그대로
bytes-of = { $done } / { $total }
bytes-read = 읽음 { $moved }
cancel = 취소
    .tooltip = 바로 멈춥니다. 끝난 부분은 다음 실행을 위해 남겨 둡니다
cancelled-status = 취소했습니다. 끝난 부분은 남아 있으며, 다시 병합하면 이어서 진행합니다.
cancelling = 취소하는 중…
cannot-be-merged = 병합할 수 없음
cannot-plan-chip = 만들 수 없음
cast-to = { $dtype }로 변환하면
change-amount = 변화의 양
change-amount-note = P → Q의 토큰당 KL(P‖Q), 냇 단위: 예측이 얼마나 바뀌었는지이며 좋아졌는지는 아닙니다. 괄호는 95 % 구간.
change-by-layer = 레이어별 변화량
change-chart-note = 점은 평균, 선은 중앙값부터 위치의 99 %까지입니다. 오른쪽일수록 많이 바뀐 것입니다.
change-explained = 모듈이 움직인 정도. 변화 Δ의 노름을 가중치 W의 노름으로 나눈 값이며, 0.1이면 10분의 1입니다
change-numbers-tooltip = 그림을 그린 숫자
change-waits = 병합이 W의 모든 행을 읽고 나면 각 모듈의 ‖Δ‖ / ‖W‖가 여기에 나옵니다.
changed-by-adapter = 어댑터가 { $bytes }를 바꿉니다
changed-file = 바뀜
changed-most = 가장 많이 바뀜
check-now = 지금 검사
checking = 검사 중
checking-merge-status = 병합한 폴더를 검사하는 중입니다. 취소하면 폴더는 검사되지 않은 채 남습니다.
checks = 검사
checks-of = 검사 { $total }개 중 { $passed }개를 통과했습니다.
checks-passed = 검사 { $total }개 중 { $passed }개를 통과했습니다. 병합할 수 있습니다.
checks-title = 쓰기 전 검사
choose-another-adapter = 다른 어댑터 선택…
choose-another-base = 다른 베이스 선택…
choose-base = 베이스 선택…
clear-list = 목록 비우기
    .tooltip = 목록만 지우고 폴더는 그대로 둡니다
close = 닫기
closing-note = 끝낸 부분은 남겨 두므로 나중에 같은 병합을 이어서 할 수 있습니다.
closing-stops = 병합을 멈추는 중…
closing-title = 병합이 진행 중입니다
command-hint = 하고 싶은 일을 입력하세요
compare = 비교
    .tooltip = 결과의 크기와 품질
compare-alone = 이 모델만 쟀습니다. 베이스를 더하면 비교합니다
compare-failed = 얼마나 잘 예측하는지 재지 못했습니다
compare-measuring = 얼마나 잘 예측하는지 재는 중입니다
compare-subtitle = 크기, 품질, 속도를 나란히
compare-waits = 얼마나 잘 예측하는지는 아직 재지 않았습니다
complete-of = { $total }개 중 { $complete }개 완료
component = 구성 요소
computed-on = 계산 장치
convert = 변환
copied = 복사
copied-table = 표를 복사했습니다.
copy = 복사
copy-adapted-tree = 어댑터 트리 복사
copy-base-tree = 베이스 트리 복사
copy-step = 복사
copy-table = 표 복사
    .tooltip = 숫자를 마크다운으로 복사합니다
count = 개수
creates = 만들 폴더
current-alone = 따로 띄운 프로세스에서 폴더를 불러오는 중
current-layer = { $model }: 레이어 { $count }개 중 { $number }번째
current-named = { $value }
current-output-heads = 출력 헤드
details = 자세히
device-auto = 짧게 재어 더 빠른 쪽
device-choice-cpu = CPU, 스레드 { $threads }개
device-note = 어느 쪽이든 디스크가 속도를 정합니다
discard = 버리기
    .tooltip = 중단된 병합이 남긴 것을 지웁니다. 다른 것은 건드리지 않습니다
discarded = 중단된 병합이 남긴 것을 지웠습니다.
does-not-fit = 맞지 않음
does-not-fit-status = 모든 어댑터 텐서가 자리를 찾기 전에는 병합할 수 없습니다. 아무것도 저장하지 않았습니다.
does-not-open = 열 수 없음
does-not-prove = 증명하지 않는 것: 모델이 더 좋다는 것
does-not-prove-note = 이 검사는 폴더에 베이스 + 어댑터만 들어 있음을 증명합니다. 품질은 비교에서 봅니다.
drop-here = 놓으세요. 폴더가 제자리를 찾아갑니다
dtype = 자료형
duration = 걸린 시간
edit = 편집
edited = 편집
elapsed = 경과
elements-changed = 바뀐 원소
empty-well = 비우기
energy-note = 방향 { $total }개 중 { $rank }개가 ‖Δ‖²의 90 %
equals-run-time = 반올림 안에서 베이스 + 어댑터와 똑같이 예측합니다.
estimated = ≈ W의 일부 행으로
    .tooltip = Δ는 정확한 값이고, W는 병합하면서 모두 읽습니다. 그 뒤에는 정확한 값이 됩니다.
events = 기록
export = 보고서 저장
    .tooltip = 보고서를 병합 폴더 옆에 마크다운과 JSON으로 씁니다
export-note = 논문, 스크립트, 모델 카드를 위해
export-picture = 그림 저장
    .tooltip = 이 화면을 병합 폴더 옆에 PNG로 씁니다
export-title = 내보내기
exported = 저장했습니다. { $path }
f16-note = 더 촘촘한 간격, 최댓값 65,504
f32-note = F16과 BF16 값을 모두 정확히 담습니다
fault-close = 닫기
fault-copy = 경로 복사
fault-text = 지금까지 병합한 내용은 남아 있어, 같은 병합을 다시 시작하면 멈춘 곳에서 이어집니다. 이 기록과 함께 오류를 알려 주세요.
fault-title = Lorafuse 자체의 오류로 창이 닫혔습니다
file = 파일
files = 파일 { $count }개
files-opened = 연 파일
filter-hint = 모듈 찾기
filter-tooltip = 경로에 이 글자가 있는 모듈만
fits = 어댑터가 베이스와 맞습니다. 아직 아무것도 저장하지 않았습니다.
fits-interrupted = 어댑터가 맞습니다. 중단된 병합이 끝낸 부분은 남아 있습니다.
forward-pass = 순전파, ms
found-file = 있음
found-in = 검사한 폴더
free-disk = 남은 디스크
gone = 폴더 없음
hide-details = 접기
how = 방법
in-the-adapter = 어댑터에서
interrupted-note = 중단된 병합이 { $bytes }를 끝내 두었습니다. 입력과 옵션이 같으면 이어서 진행합니다.
interval = 95 % 구간
into-original = 원본에 병합
into-original-in-text = 원본에 병합
into-packed = 압축 베이스에 병합
into-packed-in-text = 압축 베이스에 병합
is-sealed = 봉인됨: SHA256SUMS
judge-at = 세기 { FIXED($strength, digits: 2) }로 검사
judge-at-found = 찾은 세기로 검사
    .tooltip = 폴더의 값이 말하는 세기로 병합된 것으로 보고 다시 검사합니다
judge-folder = 병합 폴더 검사…
    .tooltip = 누가 합쳤든 있는 그대로 비교하고 검사합니다
judge-note = 이미 합친 모델이 있나요? 누가 만들었든 비교하고 검사합니다.
judged-alone-note = 검사 { $total }개 중 { $passed }개 통과. 베이스와 어댑터를 더하면 모든 대상을 다시 계산합니다.
judged-at = 세기 { $strength }로 검사했습니다.
judged-without-adapter-note = 검사 { $total }개 중 { $passed }개를 통과했습니다. 어댑터를 더하면 모든 대상을 다시 계산합니다.
keep-dtype = { $dtype } 유지
keep-merging = 계속 병합
keep-note = 더한 값만 반올림합니다
keeps = Δ의 { PERCENT($gain) } 보존
keeps-packed = Δ의 { PERCENT($gain) } 보존, 잡음 { FIXED($noise, digits: 1) } Δ
kept-figure = 반올림 뒤 보존
kept-in = { $dtype } 보존율
language-name = 한국어
    .tooltip = Show in English
largest = 최대
largest-change = 가장 큰 ‖Δ‖ / ‖W‖
largest-first = 변화가 큰 것부터
layer = 레이어
left-about = 남은 시간, 약
lines = { $count }줄
load-time = 올리기
loading-models = 모델을 올리는 중…
lost-targets = 변화 { $count }개가 반올림으로 모두 사라짐. 더 촘촘한 자료형이면 남습니다
lower-is-better = 낮을수록 좋음, 로그 눈금
manifest = 파일 목록
manifest-note = 파일 { $count }개, { $bytes }
mean-kl = 평균 KL
measure-on-builtin = 내장 텍스트로 재기
    .tooltip = 구간을 낼 만큼 긴, 저작권이 없는 영어와 한국어 글
measure-on-sample = 샘플 텍스트로 재기
measure-on-texts = 텍스트 파일로 재기…
    .tooltip = 어느 학습에도 쓰지 않은 글. 창에 놓아도 됩니다
measure-time = 시간과 답 재기
    .tooltip = 모델마다 별도 프로세스에 올려 번갈아 잽니다
measuring = 재는 중…
measuring-note = { $names-count ->
    [0] 그동안 창을 계속 쓸 수 있습니다.
    [1] 그동안 창을 계속 쓸 수 있습니다.
   *[other] 같은 토큰을 차례로 읽는 모델: { $names }. 그동안 창을 계속 쓸 수 있습니다.
}
measuring-status = 퍼플렉시티를 재는 중…
median = 중앙값
merge = 병합
    .tooltip = 계획대로 병합하고 결과를 검사합니다
merge-again = 다른 옵션으로 병합
    .tooltip = 새 출력 폴더로 계획부터 다시 합니다. 이 폴더는 그대로 남습니다
merge-closed = 베이스와 어댑터가 서로 맞으면 열립니다
merge-closed-judged = 검사하려고 연 폴더입니다. 병합하려면 출력에 새 폴더를 적으세요.
merge-done = 병합하고 검사했습니다
merge-done-checking = 병합했습니다. 결과를 검사하는 중입니다
merge-done-remark = 병합하고 검사했습니다. 알아 둘 점이 있습니다
merge-done-subtitle = 끝났습니다. 폴더가 완성되었고 검사했습니다.
merge-done-unchecked = 병합했지만 검사하지 않았습니다
merge-failed = 병합이 멈췄습니다
merge-into-it = 여기에 병합
merge-keeping = { $dtype } 그대로 병합
merge-screen-tooltip = 병합 계획과 실행
merge-to = { $dtype }로 병합
merge-written-subtitle = 폴더를 썼습니다.
merged = 병합됨
merged-at = 세기 { FIXED($strength, digits: 2) }로 병합되었습니다.
merged-in-text = 병합
merged-model = 병합
merged-to = 병합한 폴더
merging = 병합 중
merging-status = 병합 중입니다. 취소해도 끝난 부분은 다음 실행을 위해 남습니다.
misfit-summary = 어댑터 텐서 { $count }개에 자리가 없음
misfit-table = 자리가 없는 어댑터 텐서
missing-file = 없어짐
missing-files = { $count }개 없어짐
module = 모듈
modules = 모듈
    .tooltip = 어댑터가 바꾸는 것
modules-closed = 베이스나 어댑터를 열면 볼 수 있습니다
modules-count = 모듈 { $count }개
more-adapters = 외 { $count }개
nearest-in-the-base = 베이스에서 가장 가까운 것
needs-memory = 재지 않음: { $bytes } 필요
new-folder = 새 폴더
nf4 = NF4
nf4-double = NF4, 이중
nf4-double-note = 스케일도 8비트로 씁니다
nf4-note = bitsandbytes처럼 선형 레이어를 4비트로 압축합니다
no-command = 맞는 명령이 없거나 지금은 할 수 없습니다.
no-file-dialog = 이 데스크톱에는 파일 대화 상자가 없습니다. 폴더를 여기에 놓거나 경로를 붙여 넣으세요.
no-file-manager = 파일 관리자를 열지 못했습니다. 폴더는 { $path } 에 있습니다
no-folder-dialog = 이 데스크톱에는 파일 대화 상자가 없습니다. 병합 폴더를 출력 칸에 놓거나, 그 칸에 경로를 붙여 넣으세요.
no-interval = 구간 없음: 너무 짧음
no-lost-targets = 변화 { $count }개가 모두 반올림 뒤에도 남음
no-program = 프로그램 자신을 찾지 못해 잴 수 없습니다.
no-rows = 맞는 모듈이 없습니다. 찾기를 지우면 모두 보입니다.
norm-note = ‖Δ‖ = ‖배율 · BA‖, 프로베니우스 노름. W의 모든 행을 읽었습니다.
norm-note-before = ‖Δ‖ = ‖배율 · BA‖, 프로베니우스 노름. ‖W‖는 일부 행으로 어림했습니다.
not-a-base = 여기에 병합할 수 없음
not-checked = 검사 안 됨
not-merged = 병합 안 됨
not-verified = 증명 안 됨
nothing-left = 남은 파일은 없습니다
there-now = 지금 남아 있는 것: { $paths }
now = 지금
on-this-volume = 이 볼륨에서
only-changed = 바뀐 것만
open-both = 둘 다 열기
open-folder = 폴더 열기
    .tooltip = 파일 관리자에서 병합 폴더를 봅니다
open-original = 원본을 베이스로 열기
open-packed-base = 압축 베이스 열기
open-sample = 샘플 열기
    .tooltip = 내장된 모델과 어댑터를 채웁니다
opening = 헤더를 읽는 중…
options = 옵션
origin = 출처
output = 출력
output-dtype = 출력 자료형
output-empty = 새 폴더
output-expects = 또는 검사할 병합 모델
output-hint = 둘 다 정해지면 제안
overview = 모든 차이. 누르면 그곳으로
packed-and-adapter = 압축 + 어댑터
params = 파라미터 { $count }
partial-note = 작업은 { $name } 에서 합니다. 완성되어야 폴더가 제 이름을 얻습니다.
pass-of = { $total }번 중 { $pass }번째
passed-of = { $total }개 중 { $passed }개 통과
path-hint = 폴더를 놓거나 경로를 붙여넣기
path-hint-without-drops = 폴더 경로 붙여넣기
path-label = { $well } 경로
peak-memory = 최대 메모리
perplexity = 퍼플렉시티
perplexity-column = 퍼플렉시티
perplexity-waits = 아직 재지 않았습니다. 학습에 쓰지 않은 글을 고르거나 여기에 놓으세요. 베이스, 베이스 + 어댑터, 병합이 같은 토큰을 잽니다.
perplexity-waits-alone = 아직 재지 않았습니다. 학습에 쓰지 않은 글을 고르거나 여기에 놓으세요. 베이스도 열면 같은 토큰으로 나란히 잽니다.
plan-again = 다시 계획
plan-subtitle = 계획입니다. 아직 아무것도 저장하지 않았습니다.
plan-subtitle-interrupted = 계획입니다. 중단된 병합이 끝낸 부분은 남아 있습니다.
printed = print(model)
    .tooltip = PyTorch가 출력하는 두 트리
printed-note = 병합 뒤의 트리는 첫째와 똑같이 출력됩니다. lora.Linear는 다시 Linear가 됩니다.
printed-same = 베이스만
printed-summary = { $differing }줄이 다르고, { $added }줄은 둘째에만 있음
prompt = 프롬프트
prompt-hint = 모든 모델에 줄 프롬프트
put-into = { $name } → { $well }
questions-title = 네 가지 질문과 답이 있는 곳
rank = 랭크
read = 읽기
read-note = { $base } + 어댑터 { $adapter }
ready = 준비됨
reason = 이유
recent-pairs = 최근에 연 쌍
remove = 빼기
replace = 교체
report = 보고서
    .tooltip = 파일별 검증
result-closed = 병합이 끝나거나 병합 폴더를 검사하면 열립니다
resume = 이어서 병합 · { $bytes } 완료
rough-duration-hours = { $minutes ->
    [0] { $hours }시간
   *[other] { $hours }시간 { $minutes }분
}
rough-duration-minutes = { $value }분
rough-duration-seconds = { $value }초
round-by-chance = 확률적 반올림
round-by-chance-note = 작은 변화도 평균으로 남음, 시드로 재현
round-nearest = 가장 가까이
round-nearest-note = 한 번 반올림, 반 눈금 아래 변화는 사라짐
rounded-in-text = { $dtype } 베이스
rounding = 반올림
run-time-in-text = 베이스 + 어댑터
same-as-base = 베이스와 같음
same-parameters = 파라미터 그대로
same-plan = 실행은 이 계획 그대로입니다
same-top = 1순위 토큰 일치
sample-promise = 두 칸을 채웁니다. 네트워크를 쓰지 않습니다.
sample-text = 영어와 한국어를 배운 작은 실제 Llama와, 한국어 대화로 ORPO 학습한 실제 어댑터입니다.
sample-title = 샘플로 시작하기
says-its-base-is = 어댑터가 밝힌 베이스
scale = 배율
scoring-cost = 모델 { $models }개가 토큰 { COUNT($tokens) }개를 채점합니다.
seal = SHA-256으로 봉인
    .tooltip = sha256sum -c로 검사할 수 있는 SHA256SUMS를 씁니다
sealed = 봉인했습니다. SHA256SUMS에 파일 { $count }개
sealing = 모든 파일의 해시를 계산하는 중…
see-compare = 베이스와 비교
see-merge = 병합 보기
see-report = 보고서 읽기
see-the-report = 이유는 보고서에 있습니다.
seed = 시드
select-a-module = 행을 고르면 크기와 배율, 변화량을 보여 줍니다.
selected-module = 선택한 모듈
shape = 크기
shards = 샤드 { $count }개
shards-title = 샤드
size = 크기
size-note = 구성 요소별 텐서 데이터, { $unit }
sort-by = { $column } 순으로 정렬
spectrum = Δ의 특잇값
speed-note = 토큰 { $tokens }개를 { $runs }번씩 번갈아, CPU에서 float32로, 모델마다 별도 프로세스에서 쟀습니다. ±는 표준편차입니다. 가중치 수가 같으면 저장 자료형과 관계없이 시간도 같습니다.
stage-merge = 읽으며 병합
stage-sync = 디스크에 기록
stage-verify = 검증
state = 상태
step = 단계
stop-and-close = 멈추고 닫기
strength = 세기
strength-note = 1이 학습한 그대로입니다
survival-reading = 대상마다 일부 행을 읽는 중…
survival-unknown = 병합 전에는 알 수 없음: 모든 행을 보는 방식
survives = 반올림 뒤에 남는 것
syncing-status = 디스크에 기록하는 중입니다.
table = 표
takes-drop = 놓으면 { $well } 칸에 들어갑니다
tensors = 텐서 { $count }개
tensors-change = 텐서 { $total }개 중 { $changed }개
    .rest = 가 바뀜
tensors-checked = 검사한 텐서
tensors-compared = 텐서 { $count }개 검사함
tensors-done = 텐서
tensors-figure = 텐서
tensors-note = { $changed }개를 갱신
tensors-placed = 어댑터 텐서 { $total }개 중 { $placed }개 적용
tensors-written = 텐서 { $count }개 씀
theme = 테마
    .tooltip = 시스템, 밝게, 어둡게
threads = CPU { $count } 스레드
throughput = 처리량
throughput-note = 쓰기 { $unit }/s, 1초 평균
time-and-memory = 시간과 메모리
time-waits = 아직 재지 않았습니다. 모델마다 별도 프로세스에 통째로 올려, 한 번 예열한 뒤 10번씩 번갈아 재고 프롬프트에 답하게 합니다.
timing-status = 모델의 시간을 재는 중…
tokenizer = 토크나이저와 채팅 템플릿
tokens = 토큰 { COUNT($count) }개
total = 합계
trained-in-text = 압축 베이스 + 어댑터
tree-footer = 텐서 { $total }개 · { $changed }개 변경 · { $kept }개는 베이스 값 유지
tree-footer-shown = 텐서 { $total }개 중 { $shown }개 표시 · { $changed }개 변경
twin-is-measured = 거기에 병합한 것도 나란히 재어 어느 쪽이 학습한 것에 더 가까운지 말합니다.
twin-is-wanted = 있으면 어느 병합이 학습한 것에 더 가까운지 잴 수 있습니다.
twin-title = 베이스의 짝
unchanged = 그대로
update = 갱신
update-how = F32로 W + { $scale } · BA, 그 뒤 { $dtype }로 한 번 반올림
update-how-kept = F32로 W + 배율 · BA, 그 뒤 한 번 반올림
updated-tensors = 갱신한 텐서
use-base = { $name } 사용
verdict-dependent = 이 폴더는 베이스에 기대고 있습니다
verdict-failed = 이 폴더는 말한 대로의 병합이 아닙니다
verdict-faulty = 이 폴더에 문제가 있습니다
verdict-identical = 베이스와 똑같습니다. 아무것도 병합되지 않았습니다
verdict-incomplete = 이 폴더에는 빠진 것이 있습니다
verdict-not-alone = 이 폴더는 혼자서 동작하지 않습니다
verdict-note = 검사 { $total }개 중 { $passed }개 통과. 모두 베이스와 어댑터로 다시 계산했습니다.
verdict-passed = 이 모델은 혼자서 동작합니다
verdict-recomputed = 이 폴더는 말한 대로의 병합입니다
verdict-running = 검사하는 중…
verdict-sound = 이 폴더는 그 자체로 온전합니다
verdict-unknown = 증명하지 못했습니다. 검사를 할 수 없었습니다
verdict-warning = 이 모델은 혼자서 동작합니다. 알아 둘 점이 있습니다
verified = 검증됨
verified-in = { $duration } 만에 검증
verify-again = 다시 검증
    .tooltip = 베이스, 어댑터, 출력을 다시 읽습니다
verifying = 검증하는 중…
vs-base = 베이스 대비
warnings = 알아 둘 점
weak-interval = 회색 구간은 128토큰 블록이 30개가 안 되는 글이라 확실하지 않습니다. 두 블록이 안 되면 구간이 없습니다.
welcome-question-alone = 베이스 없이 동작하나?
    .answer = 파일 하나하나, 증거와 함께 검사합니다.
welcome-question-change = 어댑터가 무엇을 바꿨나?
    .answer = 모든 모듈과 그 크기, 얼마나 움직였는지.
welcome-question-quality = 전만큼 좋은가?
    .answer = 내 글로 잰 퍼플렉시티를 구간과 함께, 베이스와 나란히.
welcome-question-size = 파일이 왜 작아졌나?
    .answer = 구성 요소와 자료형별 바이트를 한 문장으로.
welcome-text = 두 폴더를 창 어디에나 놓으세요. 각각 제자리를 찾아갑니다. 병합을 누르기 전에는 아무것도 쓰지 않습니다.
welcome-title = LoRA 어댑터를 베이스에 합치고, 그 증거를 봅니다
welcome-without-drops = 두 폴더를 찾아보거나 경로를 붙여넣으세요. Wayland에서는 끌어 놓기가 되지 않습니다. 병합을 누르기 전에는 아무것도 쓰지 않습니다.
what-will-be-done = 할 일
write = 쓰기
write-card = 모델 카드 쓰기
write-card-note = 계보와 검사를 담은 README.md
write-note = 가중치 { $weights }, 샤드 { $shards }개
writes-per-sec = 생성, tok/s
writing = 쓰는 중
written = 쓴 양
written-by-component = 구성 요소별 쓰는 양

## Findings

as-line = { $said }
as-sentence = { $said }.

base-found = 어댑터의 베이스가 이 컴퓨터에 있습니다: { $place }.
base-found-incomplete = 어댑터의 베이스가 이 컴퓨터에 있지만({ $place }) 다 받지 않았습니다. 가중치 파일 { COUNT($count) }개가 없습니다.

bits-per-byte = { $text } { FIXED($model, digits: 4) }, { FIXED($first, digits: 4) }

clash-reason-grouped-convolution = 베이스의 합성곱은 그룹이 { $group-count }개인데 어댑터는 여러 그룹에 걸쳐 있어 가중치에 담을 자리가 없습니다
clash-reason-inseparable = 학습하면서 이 가중치가 { LIST($others) }와(과) 달라졌지만, 이 모델의 클래스에서는 모두 한 가중치여야 합니다. 떼어 놓으면 계산이 달라지거나, 이전 버전의 transformers가 다시 하나로 묶습니다
clash-reason-nesting = 어댑터의 각 단계가 { LIST($parameters) } 중 어느 파라미터를 위한 것인지 알 수 없습니다. 여러 순서가 들어맞는데, 이 모듈이 파라미터를 등록하는 순서를 모릅니다
clash-reason-not-float = 베이스의 자료형이 { $dtype }입니다. 여기에는 병합할 수 없습니다
clash-reason-open-task =
    { $task ->
        [none] 이 헤드가 맞는 클래스가 여럿인데({ LIST($classes) }), 어댑터에는 어느 것인지 나와 있지 않습니다
       *[other] 어댑터의 작업은 { $task }인데, 이 헤드가 맞는 클래스는 따로 있습니다({ LIST($classes) })
    }
clash-reason-orientation =
    가중치가 정사각이고 transformers에 없는 클래스라서, (출력, 입력)과 (입력, 출력) 가운데 어느 순서로 저장했는지 알 수 없습니다. 어댑터의 fan_in_fan_out은 { $is-stated-in-out ->
        [yes] true
       *[no] false
    }인데 { $is-named ->
        [yes] 모듈의 이름은 그 반대를 가리킵니다
       *[no] 어댑터의 다른 레이어들은 그 반대로 놓여 있습니다
    }
clash-reason-shape = 어댑터가 바꾸려는 것은 { $expected }, 베이스에 있는 것은 { SHAPE($base-shape) }입니다
clash-reason-shared-with-head = 베이스의 출력 헤드는 이 임베딩과 텐서를 함께 쓰지만 학습하면서 서로 달라졌고, 이 구조에서는 헤드가 가질 텐서의 이름을 알 수 없습니다
clash-reason-taken = { $other-module } 모듈과 같은 베이스 텐서에 놓입니다
clash-reason-two-files = 어댑터의 두 파일({ LIST($files) })에 서로 다른 값으로 들어 있어, 어느 쪽이 맞는지 알 수 없습니다
clash-reason-vocabulary = 학습하면서 어휘를 { $rows }행으로 바꿨는데 베이스는 { $base-rows }행이고, 어댑터에 바뀐 가중치의 사본이 없습니다

compared-all-of-its-kinds = 어댑터가 대상으로 삼는 { $kind-count }종류의 베이스 텐서가 모두 바뀝니다
    .title = 대상 범위
compared-base-differs =
    어댑터를 학습한 베이스는 `{ $trained-on }`인데 이 베이스는 `{ $base }`입니다{ $variants ->
        [none] {""}
       *[other] . { LIST($variants, joint: "과 ") }은 크기는 같아도 가중치가 다릅니다
    }
    .title = 베이스 이름
compared-base-name-untelling = 어댑터가 밝힌 베이스는 `{ $trained-on }`, 이 베이스는 `{ $base }`입니다. 서로 맞는지는 크기로만 알 수 있습니다
    .title = 베이스 이름
compared-base-named = 어댑터를 학습한 베이스는 `{ $trained-on }`입니다
    .title = 베이스 이름
compared-base-unnamed = 어댑터에 베이스 이름이 없습니다
    .title = 베이스 이름
compared-class = 어댑터를 학습한 클래스는 { $trained-on }, 베이스의 클래스는 { $base }입니다
    .title = 구조
compared-dtypes =
    어댑터는 { $factors ->
        [none] 자료형 없음
       *[other] { $factors }
    }, 베이스는 { $base ->
        [none] 자료형 없음
       *[other] { $base }
    }입니다. F32로 더한 뒤 한 번 반올림합니다
    .title = 자료형
compared-gguf-base = 어댑터는 `{ $trained-on }` 베이스로 학습했는데 이 베이스는 양자화한 GGUF 파일입니다. 학습할 때 쓰는 가중치가 아니므로 양자화에서 잃은 만큼 병합에도 남고, 원본이 더 가깝습니다
    .title = 양자화한 베이스
compared-part-of-its-kinds = { $changed-count }개가 바뀌지만 같은 종류의 { $unchanged-count }개는 그대로입니다({ LIST($names, shown: 3) }). 레이어가 더 적은 모델로 학습했거나, 어댑터 파일에 빠진 것이 있습니다
    .title = 대상 범위
compared-quantised-base = 어댑터가 가리키는 베이스는 압축되지 않은 `{ $trained-on }`이고, 이 베이스는 압축되어 있습니다({ $method }). 불러오면서 똑같이 양자화해 학습했다면 차이가 없고 이 병합이 학습한 그대로이며, 아니라면 원본이 더 가깝습니다
    .title = 양자화 학습
compared-quantised-both = 압축된 가중치(`{ $trained-on }`)로 학습했고 이 베이스도 압축되어 있습니다({ $method }). { $dtype } 반올림 한 번 말고는 차이가 없습니다. 16비트 원본이 아니라 학습한 가중치에 병합합니다
    .title = 양자화 학습
compared-quantised-otherwise = 학습한 가중치는 이 베이스({ $method })와 다른 방식으로 압축되었습니다(`{ $trained-on }`의 { $marker }). 각 압축에서 잘려 나간 만큼 다르므로 병합이 학습한 것과 똑같지는 않습니다
    .title = 양자화 학습
compared-quantised-training =
    압축된 가중치(`{ $trained-on }`의 { $marker })로 학습했고, 이 베이스는 압축되지 않은{ $dtype ->
        [none] {""}
       *[other] {" "}{ $dtype }
    }{ $original ->
        [none] {" "}모델입니다
       *[other] {" "}모델로, 16비트 원본 `{ $original }`이거나 그 사본입니다
    }. 압축에서 잘려 나간 만큼 다르며 어댑터는 그것을 본 적이 없습니다. 여기에 병합하는 일이 흔하지만, 학습한 것과 똑같지는 않습니다
    .title = 양자화 학습
compared-revision = 어댑터를 학습한 리비전은 { $trained-on }, 이 베이스의 리비전은 { $base }입니다
    .title = 베이스 리비전
compared-same-tokenizer = 어댑터의 토크나이저가 베이스의 것과 바이트까지 같습니다
    .title = 토크나이저
compared-task-differs = 어댑터를 학습한 작업은 { $task }인데 베이스의 클래스는 { $base }입니다. 헤드가 서로 다릅니다
    .title = 작업
compared-task-fits = 어댑터의 작업 { $task }에 { $base } 클래스가 맞습니다
    .title = 작업
compared-tokenizer-agrees = 어댑터의 토큰은 { COUNT($token-count) }개, 베이스의 토큰은 { COUNT($base-count) }개이고, 번호가 다른 토큰은 없습니다
    .title = 토크나이저
compared-tokens-moved = 토큰 { COUNT($tokens-count) }개의 번호가 베이스와 다릅니다({ LIST($tokens, shown: 3) }). 어댑터의 토크나이저는 다른 모델의 것입니다
    .title = 토크나이저

component-attention = attention
component-embedding = embed_tokens
component-head = lm_head
component-mlp = mlp
component-other = norm 등 나머지

conclusion-absent =
    { $kl ->
        [0] { $model }의 예측은 { $first }{ JOSA($first, "과", "와") } 똑같습니다(KL 0). 어댑터가 없는 것과 같습니다.
       *[other] { $model }의 예측은 반올림 안에서 { $first }{ JOSA($first, "과", "와") } 같습니다(KL { NATS($kl) }). 어댑터가 없는 것과 같습니다.
    }
conclusion-changed = { $first }에서 { $model }{ JOSA($model, "으로", "로") } 바뀐 양: 토큰당 KL { NATS($kl) }냇, 1순위 토큰은 { SHARE($same-top1) }에서 같습니다. 얼마나 바뀌었는지이며, 좋아졌는지는 아닙니다.
conclusion-changed-elsewhere = { $first } 대비 { $model }: { $text }에서는 퍼플렉시티가 거의 그대로({ CHANGE($ratio, tiny: "0.01 % 미만", sign: "always") })인데 KL은 { NATS($kl) }냇으로 반올림보다 훨씬 큽니다. 동작이 바뀌었지만 이 글에서는 드러나지 않습니다.
conclusion-closer = { $closer }{ JOSA($closer, "이", "가") } { $further }보다 { $trained }에 더 가깝습니다: 토큰당 KL { NATS($kl) }냇 대 { NATS($further-kl) }냇, { NATS($difference) }냇 작음(95 % 구간 { NATS($low) }~{ NATS($high) }).
conclusion-closer-elsewhere = { LIST($texts) }에서만은 { $closer }{ JOSA($closer, "이", "가") } { $trained }에 더 가깝습니다.
conclusion-file-differs = 파일이 병합 결과와 다릅니다: 디스크에서 읽은 { $merged }{ JOSA($merged, "은", "는") } 토큰당 KL { NATS($kl) }냇 차이가 납니다. 폴더를 검사하세요.
conclusion-file-equal = 파일이 올바릅니다: 디스크에서 읽은 { $merged }의 예측이 메모리에서 병합한 것과 마지막 비트까지 같습니다.
conclusion-maybe-rounding = { $model }{ JOSA($model, "은", "는") } { $first }{ JOSA($first, "과", "와") } 아주 가까워(KL { NATS($kl) }) { $dtype } 반올림만으로도 설명됩니다. 베이스를 { $dtype }로 변환해 보면 알 수 있습니다.
conclusion-merge-differs =
    병합이 베이스 + 어댑터와 다릅니다: { $merged }{ JOSA($merged, "은", "는") } { $unmerged }{ JOSA($unmerged, "과", "와") } 토큰당 KL { NATS($kl) }냇{ $share-of-change ->
        [none] {""}
       *[other] , 어댑터가 바꾼 것의 { CHANGE($share-of-change, tiny: "0.01 % 미만") }
    } 차이로, 반올림으로 설명되지 않습니다. 폴더를 검사하세요.
conclusion-merge-equal = 병합은 반올림 안에서 베이스 + 어댑터와 같습니다: { $unmerged } 대비 { $merged }(KL { NATS($kl) }, 1순위 토큰은 { SHARE($same-top1) }에서 같음).
conclusion-merge-scores =
    { $own } 대비 { $other }: 퍼플렉시티가 { $lower-count ->
        [0] {""}
       *[other] { LIST($lower) }에서 { $higher-count ->
            [0] { $chance-count ->
                [0] 낮습니다
               *[other] 낮고{" "}
            }
           *[other] 낮고{" "}
        }
    }{ $higher-count ->
        [0] {""}
       *[other] { LIST($higher) }에서 { $chance-count ->
            [0] 높습니다
           *[other] 높고{" "}
        }
    }{ $chance-count ->
        [0] {""}
       *[other] { LIST($chance) }에서 우연의 범위입니다
    }. 어느 쪽이 이 글을 더 잘 예측하는지이며, 어느 쪽이 학습한 것인지는 아닙니다.
conclusion-neither-closer = { $own }{ JOSA($own, "과", "와") } { $other } 가운데 어느 쪽이 { $trained }에 더 가까운지 알 수 없습니다: 토큰당 KL { NATS($kl) }냇과 { NATS($other-kl) }냇, 차이의 95 % 구간이 0을 품습니다({ NATS($low) }~{ NATS($high) }).
conclusion-other-tokens =
    { $model }{ JOSA($model, "은", "는") } { $first }{ JOSA($first, "과", "와") } 토큰을 다르게 나눠 퍼플렉시티를 견줄 수 없고, 바이트당 비트만 견줍니다{ $texts-count ->
        [0] {""}
       *[other] ({ LIST($texts, joint: "; ") })
    }.
conclusion-perplexity =
    { $first } 대비 { $model }: 퍼플렉시티가 { $lower-count ->
        [0] { LIST($higher) }에서 높고, 낮아진 글은 없습니다
       *[other] { LIST($lower) }에서 { $higher-count ->
            [0] 낮습니다
           *[other] 낮고, { $others ->
                [none] { LIST($higher) }
               *[other] { $others }
            }에서 높습니다. 자기 분야를 배웠습니다
        }
    }.
conclusion-rounding =
    반올림만 하면: { $control }{ JOSA($control, "은", "는") } 모든 가중치를 { $dtype }로 바꾼 { $first }{ JOSA($first, "이며", "며") }, 차이는 토큰당 KL { NATS($kl) }냇{ $compared ->
        [none] {""}
       *[other] , { $compared }
    }입니다.
conclusion-too-little-text =
    { $texts-count ->
        [1] { LIST($texts) }: 글이 너무 짧아 결론을 낼 수 없습니다(128토큰 블록 { COUNT($most-blocks) }개).
       *[other] { LIST($texts, shown: 4) }: 글이 너무 짧아 결론을 낼 수 없습니다(128토큰 블록이 많아야 { COUNT($most-blocks) }개).
    }
conclusion-within-chance = { $first } 대비 { $model }: { LIST($texts) }의 차이는 우연의 범위입니다.

detail-absent-tensors = 텐서 { COUNT($names-count) }개가 파일에 없습니다: { LIST($names, shown: 3) }
detail-adapter-file = { $file } 파일을 병합 위에 한 번 더 불러오게 됩니다
detail-adapter-tensors = 병합되지 않았습니다. 가중치에 어댑터의 텐서 { COUNT($names-count) }개가 남아 있습니다: { LIST($names, shown: 3) }
detail-bad-json = { $file } 파일은 올바른 JSON이 아닙니다({ $problem })
detail-bad-seal = 봉인을 읽을 수 없습니다. sha256sum의 줄이 아닌 것이 있습니다: `{ $line }`
detail-bad-tokenizer = { $fault }
detail-came-after-seal = { $file } 파일은 봉인한 뒤에 생겼습니다
detail-changed-without-reason = { $tensor } 텐서는 대상이 아닌데 베이스와 다릅니다
detail-config-mismatch = config.json과 가중치가 서로 맞지 않습니다. { $value-what }
detail-extra = { $tensor } 텐서는 베이스에 없습니다
detail-farther-blocks = { SHORTENED($tensor) }: 블록 { COUNT($block-count) }개 중 { COUNT($wrong-count) }개가 베이스와 어댑터를 인코딩한 것보다 멀리 있습니다
detail-full-model-beside = 어댑터 폴더의 { $file }에는 모델 전체가 들어 있어, 그 내용은 찾지 않았습니다
detail-hint = { $error-hint }
detail-identical-to-base = 베이스와 똑같습니다. 아무것도 병합되지 않았습니다
detail-ids-beyond-rows =
    토크나이저의 번호는 { COUNT($id) }까지인데 { $tensor } 텐서는 { COUNT($rows) }행이라, 넘는 번호는 쓸 수 없습니다{ $is-as-in-base ->
        [yes] . 베이스도 그렇습니다
       *[no] {""}
    }
detail-ignored-tensors = 텐서 { COUNT($names-count) }개는 { $class } 클래스가 찾지 않으므로 불러올 때 무시됩니다: { LIST($names, shown: 3) }
detail-is-path = { $place }에 경로가 적혀 있습니다: `{ $text }`
detail-label-count = config.json의 레이블은 { $configured }개인데 { $tensor } 텐서는 { $rows }행입니다
detail-layer-count = config.json에는 레이어가 { $configured }개인데 가중치에는 { $held }개입니다
detail-left-out = { $file }: 학습한 텐서 { COUNT($names-count) }개가 병합한 모델에 없습니다: { LIST($names, shown: 3) }
detail-link-nowhere = { $name } 링크가 가리키는 곳이 없습니다
detail-link-outside = { $name } 링크가 폴더 밖을 가리킵니다
detail-load-failed = 불러오지 못했습니다({ $problem })
detail-lost = { $tensor }: 갱신이 자료형에 담기지 않을 만큼 작아 하나도 남지 않았습니다
detail-lost-by-packing = NF4로 압축해 어댑터의 변화가 { PERCENT($gain, digits: 0) } 남았습니다
detail-misjudged = { $value }
detail-missing = { $tensor } 텐서가 없습니다
detail-missing-code = { $place }에 필요한 { $module }.py가 폴더에 없습니다
detail-missing-parameters = { $class } 클래스가 찾는 파라미터 { COUNT($names-count) }개가 폴더에 없습니다: { LIST($names, shown: 3) }
detail-mixed-packing = 가중치가 { $format-count }가지 방식(블록 크기, 스케일의 재압축 여부)으로 압축되어 있습니다. 모델을 한 번에 압축하는 프로그램은 이렇게 하지 않습니다
detail-names-base = { $place }에 베이스 폴더가 적혀 있습니다: `{ $text }`
detail-no-merges = vocab.json 옆에 merges.txt가 없습니다
detail-no-packing-config = config.json에 quantization_config가 없어, 불러올 때 압축한 가중치를 압축하지 않은 것으로 읽습니다
detail-no-tokenizer = 폴더에 토크나이저가 없어 혼자서 동작하지 않습니다
detail-non-finite = { $tensor }: NaN이거나 무한한 값이 { COUNT($count) }개 있습니다
detail-not-in-index = 샤드에 있는 텐서 { COUNT($names-count) }개가 색인에 없습니다: { LIST($names, shown: 3) }
detail-only-nan = 모델의 예측이 모두 NaN입니다
detail-open-experts = 정사각형 전문가 행렬은 PEFT를 transformers 4와 쓰는지 5와 쓰는지에 따라 차원 순서가 다른데, 어댑터에는 어느 버전으로 학습했는지 적혀 있지 않습니다: { LIST($names, shown: 3) }
detail-opened-outside = 폴더 밖의 파일을 열었습니다: { $path }
detail-other-block-type = { SHORTENED($tensor) } 텐서가 { $held } 형식입니다. llama.cpp의 조합에서는 { $expected }입니다
detail-other-blocks = { SHORTENED($tensor) }: 블록 { COUNT($block-count) }개 중 { COUNT($wrong-count) }개가 베이스를 인코딩한 것과 다릅니다
detail-other-config = config.json의 { $key } 값은 { $merged }인데 베이스에서는 { $base }입니다. 어댑터가 바꾸는 값이 아닙니다
detail-other-decoder = config.json에 빠진 값이 있어, 그 클래스는 { $part ->
        [rotations] 회전 위치를
        [layers] 레이어(헤드, 노름, 창, 활성 함수, 전문가)를
        [embedding] 임베딩을
        [final-norm] 마지막 노름을
       *[logits] 로짓을
    } 베이스의 설정과 다르게 계산합니다
detail-other-keys = 모델과 다른 키가 있습니다: { LIST($names, shown: 5) }
detail-other-packing-config = config.json에 load_in_4bit가 없어, 불러올 때 압축한 가중치와 다른 층을 만듭니다
detail-other-shape = { $tensor }: 크기가 { SHAPE($held) }인데 베이스와 어댑터에서는 { SHAPE($expected) }입니다
detail-other-strength = 틀린 대상 { COUNT($wrong-count) }개 중 { COUNT($names-count) }개는 바뀐 양이 { $factor }배입니다{ $strength ->
        [none] {""}
       *[other] . 세기 { $strength }{ JOSA($strength, "으로", "로") } 병합한 것과 같습니다
    }: { LIST($names, shown: 3) }
detail-other-task = config.json의 클래스는 { $class }인데 { $adapter } 어댑터가 학습한 작업은 { $task }입니다
detail-packed-plain = 불러올 때 압축하지 않는 자리의 텐서 { COUNT($names-count) }개가 압축되어 있어 폴더를 불러올 수 없습니다: { LIST($names, shown: 3) }
detail-packing-note = { $note }
detail-plain-packed = 불러올 때 압축된 층이 되는 자리의 텐서 { COUNT($names-count) }개가 압축되어 있지 않습니다: { LIST($names, shown: 3) }
detail-remote-code = { $place }에서 저장소 `{ $repository }`의 코드를 불러옵니다
detail-sealed-and-gone = 봉인한 { $file } 파일이 폴더에 없습니다
detail-sealed-and-other = { $file } 파일이 봉인할 때와 다릅니다
detail-still-names = { $place }에는 `{ $text }` 이름이 아직 적혀 있습니다. 불러올 때는 쓰이지 않습니다
detail-still-packed = 가중치가 압축되어 있습니다({ $method }). 텐서 { COUNT($tensor-count) }개는 코드를 값으로 풀어 비교합니다. 모델을 불러오려면 압축한 라이브러리가 필요합니다
detail-survival = { $value }
detail-text-names = { $file }에 경로가 적혀 있습니다: `{ $path }`
detail-total-size = 색인에는 total_size가 { COUNT($stated) }인데 텐서는 { COUNT($held) }바이트입니다
detail-truncated = { $file } 파일이 잘렸습니다: { BYTES($whole-bytes) } 중 { BYTES($held-bytes) }
detail-turned-over = 대상 { COUNT($names-count) }개에는 변화량이 반대 방향으로 들어 있습니다. 알려진 사실만으로는 틀렸다고 할 수 없습니다: { LIST($names, shown: 3) }
detail-undecided-orientation = 대상 { COUNT($names-count) }개는 정사각형이고 클래스를 알 수 없어, 저장된 방향은 어댑터의 fan_in_fan_out만이 말해 줍니다: { LIST($names, shown: 3) }
detail-unequal-tie = config.json은 { $tensor } 텐서와 { $other } 텐서를 묶어 두었지만 두 값이 다릅니다
detail-unknown-tensors = 이런 모델에 없는 텐서가 { COUNT($names-count) }개 있습니다: { LIST($names, shown: 3) }
detail-unmerged = { $file }: 대상 { COUNT($names-count) }개가 베이스의 값 그대로입니다. 어댑터를 병합하지 않은 것과 같습니다: { LIST($names, shown: 3) }
detail-unread-tensors = config.json이 설명하는 모델에 없는 텐서가 { COUNT($names-count) }개 있습니다: { LIST($names, shown: 3) }
detail-unread-weights = 어댑터 폴더의 { $file } 파일을 읽을 수 없어, 그 내용은 찾지 않았습니다
detail-unreadable-config = { $file } 파일을 읽을 수 없습니다
detail-untied-and-gone = config.json은 임베딩과 출력 헤드를 따로 두지만 { $tensor } 텐서가 없습니다
detail-unused-weights = { $file } 파일({ BYTES($byte-count) })은 모델에 속하지 않습니다
detail-vocabulary-size = config.json의 vocab_size는 { COUNT($configured) }인데 { $tensor } 텐서는 { COUNT($rows) }행입니다
detail-wrong-values = { $value }

device-cpu = CPU, 스레드 { COUNT($thread-count) }개, { $level }
device-named = { $value }

device-need-storage-buffers = 저장 버퍼 수
device-need-workgroup-bytes = 작업 그룹의 메모리 바이트 수
device-need-workgroup-threads = 작업 그룹의 스레드 수

device-reason-cpu-asked = CPU: 고른 대로
device-reason-cpu-faster = CPU: 타일당 { FIXED($cpu-tile-ms, digits: 1) } ms ({ $gpu } { FIXED($gpu-tile-ms, digits: 1) } ms)
device-reason-gpu-asked =
    { $gpu }: 고른 대로{ $is-software ->
        [yes] {" "}(CPU로 흉내 내는 렌더러라 CPU 자체보다 느립니다)
       *[no] {""}
    }
device-reason-gpu-faster = { $gpu }: 타일당 { FIXED($gpu-tile-ms, digits: 1) } ms (CPU { FIXED($cpu-tile-ms, digits: 1) } ms)
device-reason-no-gpu = CPU: 드라이버가 있는 GPU를 찾지 못했습니다
device-reason-no-gpu-support = CPU: 이 빌드는 GPU를 지원하지 않습니다
device-reason-nothing-to-try = CPU: { $value }
device-reason-only-software = CPU: GPU는 없고 소프트웨어 렌더러({ $name })만 있습니다
device-reason-stochastic-on-cpu =
    { $is-gpu-asked ->
        [yes] CPU: GPU를 골랐지만 확률적 반올림은 CPU에서 계산합니다
       *[no] CPU: 확률적 반올림은 CPU에서 계산합니다
    }
device-reason-trial-failed = CPU: GPU가 시험을 통과하지 못했습니다({ $error })

diagnosis-applied-in-part = 대상 { COUNT($target-count) }개 중 { $unmerged-count }개에 어댑터가 적용되지 않았습니다
diagnosis-changed-elsewhere = 어댑터가 바꾸지 않는 텐서 { COUNT($tensor-count) }개가 베이스와 다릅니다
diagnosis-never-applied = 어댑터가 전혀 적용되지 않았습니다
diagnosis-not-merged = 어댑터가 가중치 옆에 그대로 있고 병합되지 않았습니다
diagnosis-other-strength = 세기 { FIXED($strength, digits: 2) }{ JOSA(FIXED($strength, digits: 2), "으로", "로") } 병합되었습니다
diagnosis-other-values = 대상 { COUNT($target-count) }개 중 { $wrong-count }개의 값이 베이스와 어댑터로 계산한 값과 다릅니다
diagnosis-trained-on = 학습할 때 양자화된 베이스({ $quantization })에 병합되었는데 원본 베이스를 기준으로 검사했습니다. 명령줄에서 `--as-trained { $quantization }`을(를) 주면 그 베이스를 기준으로 검사합니다

eval-verdict-absent = 베이스와 똑같이 예측합니다. 어댑터가 없는 것과 같습니다
eval-verdict-better = { LIST($texts) } 텍스트를 베이스보다 잘 예측합니다
eval-verdict-mixed = { LIST($better) } 텍스트는 베이스보다 잘, { LIST($worse) } 텍스트는 못 예측합니다
eval-verdict-not-the-merge = 베이스 + 어댑터와 다르게 예측합니다
eval-verdict-other-tokens = 베이스와 토큰을 다르게 나누므로 바이트당 비트만 비교할 수 있습니다
eval-verdict-too-little-text = 텍스트가 짧아 베이스와 구별할 수 없습니다
eval-verdict-within-chance = 우연의 범위 안에서 베이스만큼 예측합니다
eval-verdict-worse = { LIST($texts) } 텍스트를 베이스보다 못 예측하고, 더 나은 텍스트는 없습니다

evidence-differing = 텐서 { COUNT($tensor-count) }개 중 { COUNT($changed-count) }개가 베이스와 다릅니다. 어느 것이 달라야 하는지는 어댑터가 있어야 압니다
evidence-encoded = 타깃 { $target-count }개 중 { $equal-count }개를 다시 계산했고 새로 인코딩한 것만큼 가깝습니다(블록 { COUNT($block-count) }개의 { PERCENT($exact-share, digits: 3) }가 비트까지 같음). 나머지 { $other-count }개 중 { $unchanged-count }개는 인코딩한 베이스와 같습니다
evidence-held =
    텐서 { COUNT($tensor-count) }개, 파라미터 { COUNT($parameter-count) }개, 파일 { COUNT($file-count) }개에 { BYTES($byte-count) }{ $unlisted-class ->
        [none] {""}
       *[other] . { $unlisted-class } 클래스가 찾는 이름은 목록이 없어 보지 못했습니다
    }
evidence-inside = 설정 { COUNT($config-count) }개의 값 { COUNT($value-count) }개와 파일 { COUNT($file-count) }개를 보았고, 폴더 밖을 가리키는 것이 없습니다
evidence-loaded =
    { $unconfined ->
        [none] 커널이 이 폴더만 열게 허락한 프로세스(Landlock)에서
       *[other] 별도의 프로세스에서, 막지는 못하고 지켜보기만 하며({ $unconfined })
    } 불러왔습니다. 파일 { COUNT($file-count) }개를 열고 텐서 { COUNT($tensor-count) }개를 읽었으며, { $predicted }
evidence-needs-reference = 베이스와 어댑터가 있어야 검사할 수 있습니다
evidence-not-loaded =
    { $unconfined ->
        [none] 커널이 이 폴더만 열게 허락한 프로세스(Landlock)에서
       *[other] 별도의 프로세스에서, 막지는 못하고 지켜보기만 하며({ $unconfined })
    } 불러오지 못했습니다
evidence-outside = 폴더 밖을 가리키는 것이 있습니다
evidence-recomputed = { $value }
evidence-seal-broken = 봉인을 읽을 수 없습니다
evidence-seal-differs = 봉인한 파일 { COUNT($file-count) }개 중 { $differing-count }개가 다릅니다
evidence-seal-holds = 파일 { COUNT($file-count) }개의 SHA-256이 SHA256SUMS에 적힌 것과 같습니다
evidence-unreadable = 폴더를 열 수 없습니다. { $error }
evidence-values-read = 값 { COUNT($value-count) }개를 읽었습니다
evidence-whole-tensors = 어댑터 폴더에 통째로 든 텐서 { COUNT($tensor-count) }개를 값으로 찾았습니다

expected-shape-exact = { SHAPE($value) }
expected-shape-input-features = 입력 특성 { $value }개
expected-shape-matrix-from = 원소가 { COUNT($value) }개 이상인 행렬
expected-shape-matrix-inputs = 입력 특성이 { COUNT($value) }개인 행렬
expected-shape-matrix-inputs-multiple = 입력 특성이 { $value }의 배수인 행렬
expected-shape-matrix-outputs-multiple = 출력 특성이 { $value }의 배수인 행렬
expected-shape-matrix-shorter-side = 짧은 변이 { $value }인 행렬
expected-shape-matrix-sides = 행과 열을 더해 { COUNT($value) }개인 행렬
expected-shape-output-features = 출력 특성 { $value }개
expected-shape-rows-from = { $rows }행 이상 × { $columns }

export-note-blank-before = { $is-first-only ->
        [yes] 이 토크나이저는 텍스트의 첫 단어 앞에만 빈칸을 두지만 llama.cpp는 특수 토큰 뒤에도 두고, 빈칸으로 시작하는 텍스트 앞에도 하나를 더 두어
       *[no] 이 토크나이저는 빈칸으로 시작하지 않는 텍스트 앞에만 빈칸을 두지만 llama.cpp는 모든 텍스트 앞에 두어
    } 그런 텍스트의 토큰이 달라집니다
export-note-blank-tokens = llama.cpp는 병합하기 전에 텍스트의 빈칸에서 이 추가된 토큰들을 먼저 찾고, 이 토크나이저는 ▁ 문자에서만 찾습니다: { LIST($tokens, shown: 4) }. 빈칸이 이어지는 텍스트의 토큰이 달라질 수 있습니다
export-note-cap-for-none = 이 모델의 어텐션 점수에는 상한이 없지만 llama.cpp의 Gemma 2에는 반드시 있어야 하므로, 점수 50을 네 자리까지 그대로 두는 상한 { $cap }이 파일에 들어갑니다
export-note-left-out = 텐서 { COUNT($tensors-count) }개는 llama.cpp의 텍스트 모델에 속하지 않아 빠집니다: { LIST($tensors, shown: 4) }
export-note-long-rotations = llama.cpp는 컨텍스트가 토큰 { $original }개를 넘을 때, transformers는 텍스트가 넘을 때 긴 회전을 쓰므로, 긴 컨텍스트에서는 짧은 텍스트의 값이 달라집니다
export-note-not-composed = llama.cpp는 이 토크나이저와 달리 문자를 결합하지 않아(NFC) 글자와 부호가 따로 적힌 텍스트의 토큰이 달라지니, 먼저 결합해 주세요
export-note-no-window = llama.cpp는 이 모델의 슬라이딩 윈도를 쓰지 않아, 토큰 { $window }개가 넘는 텍스트(최대 { $context }개)도 전체를 봅니다
export-note-other-types = 가중치 { $total }개 중 { $count }개는 행이 { $file-type } 블록으로 나누어떨어지지 않아 더 큰 형식을 씁니다
export-note-token-flags = llama.cpp는 추가된 토큰의 표시를 몰라, 다음 토큰 { COUNT($tokens-count) }개 주변의 빈칸과 단어가 다르게 나뉠 수 있습니다: { LIST($tokens, shown: 4) }
export-note-tokens-without-row = 추가된 토큰 { COUNT($tokens-count) }개는 임베딩에 행이 없어 빠집니다: { LIST($tokens, shown: 4) }

float-dtype-bf16 = bf16
float-dtype-f16 = float16
float-dtype-f32 = float32

found-in-hub-cache = Hugging Face 캐시
found-in-named-path = 어댑터가 밝힌 경로
found-in-neighbour = 어댑터 옆의 같은 이름 폴더

job-warning-base-not-finite = 베이스의 { $tensor }에 NaN이나 무한한 값이 있습니다. 그대로 옮깁니다
job-warning-device-lost = 장치가 응답을 멈췄습니다({ $device }). 나머지는 CPU에서 계산합니다
job-warning-other-tokens = { $model } 모델은 { $first } 모델과 다른 토큰으로 글을 나눕니다. 바이트당 비트만 견줄 수 있습니다
job-warning-unread-tensors = { $model }: 폴더의 텐서 { COUNT($names-count) }개가 모델에 속하지 않습니다({ LIST($names, shown: 3) })
job-warning-untrained = { $adapter }: 대상 { COUNT($target-count) }개 중 { COUNT($modules-count) }개는 학습 전 그대로라 아무것도 바꾸지 않습니다: { LIST($modules, shown: 4) }
job-warning-window-over-context = { $model }: 창이 토큰 { COUNT($window) }개인데 모델이 아는 문맥은 { COUNT($context) }개까지입니다

listed = { LIST($names, $most) }

misfit-reason-clashing = { $value }
misfit-reason-orphaned = { $value }

misjudged-applied-twice = { $tensor }: 같은 갱신을 두 번 이상 넣었습니다
misjudged-experts-left-out = { $module } 모듈의 갱신은 전문가 { $expert-count }개의 것인데 { $placed-count }개만 자리를 찾았습니다
misjudged-left-out = { $adapter }의 텐서 { COUNT($names-count) }개가 병합되지 않았고, 빼도 되는 규칙도 없습니다: { LIST($names, shown: 3) }
misjudged-left-tied = { $changed } 텐서는 바뀌고 { $other } 텐서는 그대로인데 config.json이 둘을 여전히 묶어 두어, 불러오면 같은 값이 됩니다
misjudged-other-embedding = { $tensor } 텐서는 베이스에서 { $embedding } 텐서를 함께 쓰는데 다른 값을 가져왔습니다
misjudged-other-expert = { $module } 모듈의 갱신을 { $tensor } 텐서의 다른 전문가나 다른 행에 두었습니다
misjudged-other-factor = { $tensor } 텐서에 { FIXED($taken, digits: 6) }{ JOSA(FIXED($taken, digits: 6), "을", "를") } 곱했지만, 베이스와 병합된 폴더의 config.json에 따르면 이 클래스에서는 { FIXED($expected, digits: 6) }배여야 합니다
misjudged-other-head = 출력 헤드를 { $tensor } 텐서로 보았지만, 불러올 때 찾는 이름은 { $head }입니다
misjudged-other-order = { $tensor }: 여러 어댑터의 갱신이 어댑터를 준 순서를 따르지 않습니다
misjudged-other-orientation =
    { $taken-id ->
        [orientation-out-in] { $tensor } 텐서의 방향을 (출력, 입력) 순서로 보았지만, 이 클래스는 (입력, 출력) 순서로 저장합니다
       *[orientation-in-out] { $tensor } 텐서의 방향을 (입력, 출력) 순서로 보았지만, 이 클래스는 (출력, 입력) 순서로 저장합니다
    }
misjudged-other-place =
    { $expected ->
        [none] { $module } 모듈의 갱신을 다른 모듈의 { $tensor } 텐서에 두었습니다
       *[other] { $module } 모듈의 갱신을 { $tensor } 텐서에 두었지만, 그 모듈의 텐서는 { $expected }입니다
    }
misjudged-rows-left-out = { $tensor } 텐서는 베이스에서 { $embedding } 텐서를 함께 쓰므로 새 토큰 행도 함께 받아야 하는데, 그 행이 빠졌습니다
misjudged-set-aside = { $adapter }의 { $tensor } 텐서를 뺀 규칙이 이 텐서에는 맞지 않습니다

misplaced =
    { LIST($names) }: { $reason }{ $nearest-count ->
        [0] {""}
       *[other] {" "}(가장 가까운 것: { LIST($nearest) })
    }

name-variant =
    { $words-count ->
        [0] 기본 모델
       *[other] { LIST($words, joint: " ") } 모델
    }

needs-transformers5-names = 이 이름들은 transformers 5부터 모두 불러옵니다
needs-transformers5-own-embeddings = 병합한 모델은 transformers 5 이상으로 불러오세요. 그 이전 버전은 인코더와 디코더의 임베딩을 하나로 만들기 때문에, 아무 경고 없이 학습한 것과 다른 모델을 불러옵니다

not-opened-computes-wrongly = 드라이버의 계산이 틀립니다. 시험한 값 { $element-count }개 중 { $different-count }개가 CPU와 다릅니다
not-opened-no-answer = { $timeout-secs }초 안에 응답하지 않았습니다
not-opened-refused = 드라이버가 거절했습니다({ $said })
not-opened-too-small = { $what }가 { $has }{ JOSA($has, "으로", "로") }, 병합에 필요한 { $needed }보다 적습니다

note-also-read = 어댑터 가중치 옆에 { $file } 파일이 있습니다. 그 텐서 { COUNT($tensor-count) }개도 어댑터의 일부로 읽습니다
note-float8 = 텐서 { COUNT($tensor-count) }개가 { $dtype } 자료형입니다. 모든 값을 정확히 읽습니다
note-full-weights = 어댑터 폴더에 모델 전체가 있지만({ LIST($files, shown: 4) }) 쓰지 않습니다. 베이스와 어댑터만 병합합니다. 어댑터를 학습한 베이스라면 베이스로 고르세요. 이미 병합했거나 통째로 학습한 모델이라면 병합할 필요가 없습니다
note-mlx-alpha-ignored = 설정에 alpha도 있지만 배율 { $scale }만 그대로 씁니다. mlx-lm은 2024년 6월까지 alpha를 배율에 곱했고, 그 뒤로는 쓰지 않습니다
note-mlx-scale = mlx-lm 어댑터입니다. lora_alpha는 배율 { $scale } × 랭크 { $rank } = { $alpha }입니다
note-not-read = 폴더에 어댑터의 일부로 읽지 않은 가중치가 있습니다: { LIST($files, shown: 4) }
note-other-form = 폴더에 어댑터의 가중치가 다른 형식으로도 있습니다({ LIST($files, shown: 4) }). 불러오는 프로그램처럼 이 병합도 쓰지 않습니다
note-output-projection-once = PEFT 0.21.2까지는 두 번 더했지만 그보다 새 버전의 어댑터라 MultiheadAttention 출력 투영의 변화를 한 번만 더합니다
note-output-projection-twice = PEFT 0.15~0.21.2가 학습과 병합에서 그랬듯이 MultiheadAttention 출력 투영의 변화를 두 번 더합니다
note-read-from-text = 설정의 { LIST($keys) } 값이 글로 적혀 있어, 뜻하는 수나 참·거짓으로 읽습니다

nothing-to-try-no-update = 복사와 변환뿐인 병합이라 GPU가 계산할 것이 없습니다
nothing-to-try-not-low-rank = 어댑터의 방식이 GPU가 계산하는 저랭크 갱신이 아닙니다
nothing-to-try-output-dtype = 이 출력 자료형은 GPU에서 계산하지 않습니다
nothing-to-try-too-small = GPU가 준비되기도 전에 끝날 만큼 작은 병합입니다

orientation-in-out = (입력, 출력)
orientation-out-in = (출력, 입력)

orphan-reason-experts-in-one-tensor = 베이스는 모든 전문가(expert)를 한 텐서 { $tensor }에 담고 있습니다
orphan-reason-fused-in-base = 베이스에서는 이 행렬이 { $fused }의 일부입니다. 베이스를 변환했거나, 어댑터를 이 모델의 다른 구현으로 만들었습니다
orphan-reason-multihead-attention = PyTorch의 MultiheadAttention입니다. PEFT는 두 투영을 함께, 기본 LoRA로만 바꿉니다
orphan-reason-no-such-module = 베이스에 이런 모듈이 없습니다
orphan-reason-no-such-parameter = 베이스의 이 모듈에는 { $parameter } 파라미터가 없습니다
orphan-reason-other-part =
    { $base-is-multimodal ->
        [yes] 경로에 `{ $segment }` 부분이 있는데, 이 베이스에는 없습니다
       *[no] 경로에 `{ $segment }` 부분이 있습니다. 어댑터는 멀티모달 모델을 위한 것인데 베이스는 텍스트 모델입니다
    }
orphan-reason-split-in-base = 베이스에서는 이 행렬이 나뉘어 있습니다({ LIST($parts) }). 베이스를 변환했거나, 어댑터를 이 모델의 다른 구현으로 만들었습니다
orphan-reason-tied-head = 베이스의 출력 헤드는 임베딩과 텐서를 함께 쓰는데, 어느 임베딩인지 알 수 없습니다
orphan-reason-too-few-layers = 베이스에는 레이어가 { $layer-count }개뿐입니다. 학습에 쓴 모델보다 작은 모델입니다
orphan-reason-unknown-factor = 이 어댑터의 방식에는 없는 텐서입니다

other-texts = 나머지 글 { $count }개({ CHANGE($least, tiny: "0.01 % 미만") }~{ CHANGE($most, tiny: "0.01 % 미만") })

packed-survival = NF4 저장은 이 어댑터의 변화를 { PERCENT($gain, digits: 0) } 남깁니다. 대상 코드의 { PERCENT($moved-share, digits: 2) }가 바뀌고, 압축이 가중치를 움직이는 크기는 어댑터의 { FIXED($noise, digits: 1) }배입니다

perplexity-change =
    { $text } { $change } ({ $low ->
        [none] 구간을 내기에 너무 짧음
       *[other] { $low } ~ { $high }
    })

perplexity-story = 같은 토큰에서 베이스 대비 병합, 괄호는 95 % 구간: { LIST($changes) }.

policy-count = { $policy } { $target-count }개

predicted-nothing = 예측한 토큰은 없습니다
predicted-only-read =
    { $fault ->
        [none] 예측은 해 보지 못했습니다({ $reason })
       *[other] 예측은 해 보지 못했습니다. { $fault-what }
    }
predicted-probe-too-short = 예측은 해 보지 못했습니다. 토크나이저가 시험 문장을 토큰 { COUNT($token-count) }개로만 만듭니다
predicted-tokens = 토큰 { COUNT($count) }개를 예측했습니다(하나에 { FIXED($mean-nll, digits: 3) }냇)

prefix-sentence-put = 모든 모듈 경로 앞에 접두사(`{ $to }`)를 붙여
prefix-sentence-replaced = 모든 모듈 경로의 접두사를 바꿔(`{ $from }` → `{ $to }`)
prefix-sentence-taken = 모든 모듈 경로에서 접두사(`{ $from }`)를 떼어

preflight-check-adapter-fits = 어댑터 텐서 { $tensor-count }개 중 { $placed-count }개가 베이스 텐서 { COUNT($target-count) }개에 놓입니다
    .title = 어댑터가 맞음
preflight-check-disk-has-room =
    { $free-bytes ->
        [none] { BYTES($byte-count) }를 씁니다. 이 시스템에서는 빈 공간을 알 수 없습니다
       *[other] { BYTES($byte-count) }를 쓰고, { BYTES($free-bytes) }가 비어 있습니다
    }
    .title = 디스크 공간 충분
preflight-check-folder-is-writable = 출력 폴더 옆에 파일을 만들 수 있습니다
    .title = 폴더에 쓸 수 있음
preflight-check-output-is-free =
    { $is-new ->
        [yes] 새 폴더를 만듭니다
       *[no] 빈 폴더에 씁니다
    }
    .title = 덮어쓰는 것 없음

protocol = float32, 토크나이저의 BOS는 한 번만 넣고 채점하지 않음, 창은 토큰 { $window }개이고 { $stride }개씩 이동, 토큰마다 한 번 채점, 퍼플렉시티는 모든 토큰을 합쳐 계산

question-alone = 혼자서 동작함
question-changed-targets = 대상만 정확히 바뀜
question-complete = 빠진 것이 없음
question-differs-from-base = 베이스와 다른 텐서
question-finite = 모든 값이 유한함
question-independent = 베이스에 기대지 않음
question-nothing-left-out = 학습한 것이 빠지지 않음
question-sealed = 봉인 그대로임

recomputed =
    대상 { $target-count }개 중 { $equal-count }개가 다시 계산한 값과 같습니다(값 { COUNT($value-count) }개의 { PERCENT($exact-share, digits: 3) }가 비트까지 같고 { $has-codes ->
        [yes] 나머지는 마지막 비트 차이, 또는 float32 오차로 정해지는 이웃한 코드나 스케일 차이
       *[no] 나머지는 마지막 비트 차이
    }{ $policies-count ->
        [0] {""}
       *[other] , { LIST($policies) }
    }).{ $gain ->
        [none] {""}
       *[other] {" "}바꾸려던 것의 { PERCENT($gain, digits: 1) }가 저장되었습니다.
    } 나머지 텐서 { $other-count }개 중 { $unchanged-count }개가 베이스와 같습니다

refused-token = { $key } 값 `{ $token }` 토큰은 옮기지 않습니다. { $reason }

replaced-tensor =
    { $old-shape ->
        [none] { $name }
       *[other] { $name } ({ SHAPE($old-shape) } → { SHAPE($new-shape) })
    }

rounding-policy-base-first = 베이스를 먼저 반올림
rounding-policy-both-first = 베이스와 Δ를 먼저 반올림
rounding-policy-delta-first = Δ를 먼저 반올림
rounding-policy-in-halves = Δ를 절반씩 두 번 더함
rounding-policy-in-own-dtype = 가중치의 자료형으로 계산함
rounding-policy-once = 반올림 한 번
rounding-policy-packed = 반올림 한 번 뒤 NF4 코드
rounding-policy-stochastic = 확률적 반올림

run-event-device-chosen = { $value }
run-event-tensor-done = { $value }
run-event-tiles-counted = { $value }
run-event-warned = { $value }

set-aside-rule-never-run = 이 모듈은 인코더와 디코더에 가중치만 빌려줄 뿐 계산에 쓰이지 않아서, 이것으로는 아무것도 학습하지 못했습니다
set-aside-rule-recomputed = 모델 클래스가 스스로 계산하는 버퍼입니다
set-aside-rule-second-copy = 통째로 저장한 모듈의 두 번째 사본입니다
set-aside-rule-stays-tied = 텐서를 함께 쓰는 입력 임베딩과 내용이 같습니다
set-aside-rule-training-only = 학습에만 쓰입니다(VeLoRA, Monteclora)
set-aside-rule-untrained-copy = PEFT가 모듈을 저장하면서 남긴 학습 전 사본입니다
set-aside-rule-value-head = 강화 학습에서 값을 매기는 헤드(value head)라, 언어 모델에는 놓을 자리가 없습니다

share-of-change = { $model }{ JOSA($model, "이", "가") } 바꾼 것의 { CHANGE($share, tiny: "0.01 % 미만") }

signed-change = { $text }({ CHANGE($ratio, tiny: "0.01 % 미만", sign: "always") })

size-change-as-large = 크기는 베이스와 같습니다.
size-change-half = 크기는 베이스의 절반입니다.
size-change-larger = 베이스보다 { PERCENT($part) } 큽니다.
size-change-smaller = 베이스보다 { PERCENT($part) } 작습니다.

size-sentence-bf16-in-f32 = 베이스의 텐서 { COUNT($tensor-count) }개({ BYTES($byte-count) })는 float32로 저장되었지만 모든 값의 아래 16비트가 0인 bfloat16 값이라, 절반의 바이트에 담깁니다
size-sentence-duplicate-formats = 폴더에 읽히지 않는 가중치 파일도 있습니다: { LIST($names, shown: 3) } ({ BYTES($byte-count) })
size-sentence-other-share =
    가중치 { COUNT($weight-count) }개 그대로, 하나에 { $from-bits }비트가 { $to-bits }비트로 바뀌어 { $share ->
        [half] 파일이 절반이 됩니다
        [double] 파일이 두 배가 됩니다
       *[other] 파일이 { $share } %가 됩니다
    } ({ BYTES($from-bytes) } → { BYTES($to-bytes) }). 잘라 낸 것이 없고, 병합이 더한 것은 0바이트입니다
size-sentence-other-weights = 가중치 { COUNT($from-count) }개에서 { COUNT($to-count) }개로 바뀌었습니다
size-sentence-quantised =
    가중치 { COUNT($packed-count) }개는 하나에 { $packed-bits }비트로 압축했고({ BYTES($packed-bytes) }), { LIST($components, joint: ", ") }은(는) 그대로 두었습니다. { $rest-dtype } 가중치 { COUNT($rest-count) }개, { BYTES($rest-bytes) }로 파일의 { PERCENT($rest-share, digits: 1) }입니다{ $bytes-with-bf16-rest ->
        [none] {""}
       *[other] . 그 부분이 bfloat16이면 { BYTES($byte-count) }에서 { BYTES($bytes-with-bf16-rest) }로 줄어듭니다
    }
size-sentence-same-share = 가중치 { COUNT($weight-count) }개 그대로, 하나에 { $bits }비트도 전과 같아 파일 크기가 그대로입니다. 잘라 낸 것이 없고, 병합이 더한 것은 0바이트입니다
size-sentence-total = 가중치 { COUNT($weight-count) }개가 하나에 { $bits }비트로 { BYTES($byte-count) } (`du -h`로는 { $du })
size-sentence-training-state = 모델에 필요 없는 학습 파일도 있습니다: { LIST($names, shown: 3) } ({ BYTES($byte-count) })
size-sentence-vocabulary =
    어휘가 { COUNT($from-rows) }행에서 { COUNT($to-rows) }행으로: 가중치 { COUNT($weight-count) }개, { BYTES($byte-count) } { $has-grown ->
        [yes] 늘었습니다
       *[no] 줄었습니다
    }

survival-advice =
    { $dtype } 저장은 이 어댑터의 { PERCENT($gain, digits: 0) }만 남깁니다. { $dtype-id ->
        [float-dtype-f32] 어떤 자료형에도 담기지 않을 만큼 작은 변화입니다
       *[other] { $better-count ->
            [0] 확률적으로 반올림하세요
           *[other] { LIST($better, joint: " 또는 ") }로 쓰거나 확률적으로 반올림하세요
        }
    }

survival-sentence = { $dtype } 저장은 이 어댑터의 약 { PERCENT($gain, digits: 0) }를 남기고, 대상 값의 약 { PERCENT($changed-share, digits: 1) }가 바뀝니다

text-change = { $text }({ CHANGE($ratio, tiny: "0.01 % 미만", sign: "always") })

tile-count = 타일 { COUNT($gpu-count) }개는 GPU에서, { COUNT($cpu-count) }개는 CPU에서 계산했습니다

token-change =
    { $old ->
        [none] { $key } 없음 → `{ $new }`
       *[other] { $key } `{ $old }` → `{ $new }`
    }

token-refusal-beyond-rows = 번호는 { COUNT($id) }인데 임베딩은 { COUNT($row-count) }행뿐입니다
token-refusal-not-in-vocabulary = 병합한 모델의 어휘에 없는 토큰입니다
token-refusal-said-otherwise = 앞선 어댑터의 값이 이와 다릅니다

tokenizer-fault-broken = tokenizer.json이 온전하지 않습니다({ $said })
tokenizer-fault-no-vocabulary = tokenizer.json에 어휘가 없습니다
tokenizer-fault-unreadable = tokenizer.json을 읽을 수 없습니다({ $said })

tokenizer-reason-adapter =
    { $has-own-template ->
        [yes] { $added-count ->
            [0] 어댑터가 채팅 템플릿을 따로 갖추었습니다
           *[other] 어댑터가 토큰 { COUNT($added-count) }개({ LIST($added, shown: 4) })를 더하고 채팅 템플릿도 따로 갖추었습니다
        }
       *[no] 어댑터가 토큰 { COUNT($added-count) }개({ LIST($added, shown: 4) })를 더합니다
    }
tokenizer-reason-adapter-brings-none = 어댑터에는 토크나이저가 없습니다
tokenizer-reason-base-brings-none = 베이스에는 토크나이저가 없습니다
tokenizer-reason-nobody-brings-one = 베이스에도 어댑터에도 토크나이저가 없습니다
tokenizer-reason-nothing-new = 어댑터의 것은 더하는 토큰이 없고 채팅 템플릿도 같습니다

tokenizer-sentence = { $source }. { $reason }

tokenizer-source-both = { $owner }의 토크나이저와 채팅 템플릿을 씁니다
tokenizer-source-each = { $tokenizer }의 토크나이저와 { $template }의 채팅 템플릿을 씁니다
tokenizer-source-nobody = 토크나이저가 없습니다
tokenizer-source-only-template = 토크나이저는 없고 { $template }의 채팅 템플릿을 씁니다
tokenizer-source-only-tokenizer = { $tokenizer }의 토크나이저를 쓰며 채팅 템플릿은 없습니다

twin =
    { $is-packed ->
        [yes] 학습에 쓴 압축 베이스
       *[no] 이 베이스의 16비트 원본
    } `{ $name }`: { $found-in ->
        [none] 이 컴퓨터에 없습니다. 내려받지는 않습니다
       *[other] { $found-in }에 있습니다
    }

unconfined-no-landlock = 이 커널에 Landlock이 없거나 꺼져 있음
unconfined-other-system = 이 시스템에는 프로세스를 가두는 방법이 없음
unconfined-refused = Landlock이 거절함: { $said }

warning-added = 베이스에 없는 텐서를 어댑터에서 더합니다: { LIST($names, shown: 4) }. 이런 레이어가 있는 클래스만 불러올 수 있습니다
warning-already-merged = { $adapter }: 베이스에 이 어댑터의 변화가 이미 들어 있습니다(살펴본 텐서 { COUNT($tensor-count) }개 모두에서 약 { PERCENT($share, digits: 0) }). 바로 이 어댑터를 병합한 모델로 보이며, 다시 병합하면 변화가 또 더해집니다
warning-base-adapter = 베이스 폴더에 transformers가 함께 불러오는 어댑터가 있습니다(adapter_config.json). 폴더를 어댑터로도 고르지 않으면 병합하지 않습니다
warning-contradiction = { $adapter }: { $found }
warning-left-out = 베이스의 텐서를 뺍니다: { LIST($names, shown: 4) }. { $class } 클래스에는 이런 레이어가 없습니다
warning-made-anew = { $class } 클래스에 필요한 { LIST($names, shown: 4) } 텐서가 베이스에도 어댑터에도 없습니다. 불러올 때마다 무작위로 새로 만들어져 예측이 학습 때와 달라집니다. `modules_to_save`에 넣어 학습하세요
warning-missing-code =
    { $repository ->
        [none] { $file } 파일의 auto_map에 필요한 { $code } 파일이 베이스 폴더에 없습니다. 병합한 폴더에 넣어 주세요
       *[other] { $file } 파일의 auto_map에는 `{ $repository }` 저장소의 { $code } 파일이 필요해서, 병합한 폴더만으로는 불러올 수 없습니다
    }
warning-noted = { $adapter }: { $note }
warning-dequantised = 베이스가 압축되어 있습니다({ $method }). 텐서 { COUNT($tensor-count) }개를 { $dtype }(으)로 풀어 { BYTES($packed-bytes) }가 { BYTES($byte-count) }가 됩니다. { $is-packed-again ->
        [yes] 병합한 가중치는 다시 NF4로 압축합니다
       *[no] 결과는 양자화되지 않습니다
    }
warning-olora = { $adapter }: OLoRA는 초기화가 바꾼 베이스로 학습합니다. 그 베이스를 이 베이스에서 다시 계산하므로, 이 베이스가 원본이어야 합니다
warning-open-experts = { $adapter }: 이 전문가 텐서의 차원 순서는 PEFT를 transformers 4와 쓰는지 5와 쓰는지에 따라 다릅니다. 행렬이 정사각형이고 어느 버전으로 학습했는지 어댑터에 적혀 있지 않아, transformers 5로 학습한 것으로 보고 병합합니다. transformers 4로 학습했다면 결과가 틀립니다: { LIST($tensors, shown: 4) }
warning-packed = { $note }
warning-packed-as-trained = 어댑터를 학습할 때와 같게 베이스를 읽으면서 NF4(블록 { $block }{ $is-double ->
        [yes] , 이중
       *[no] {""}
    })로 양자화했다가 풉니다. 텐서 { COUNT($tensor-count) }개를 각각 저장된 { $dtype } 값에서 양자화하며, { $is-packed-again ->
        [yes] 병합한 가중치는 다시 NF4로 압축합니다
       *[no] 결과는 양자화되지 않습니다
    }
warning-prefix = { $adapter }: { $change } 베이스에서 텐서를 찾았습니다
warning-renamed = { $adapter }: 모듈 { COUNT($module-count) }개를 베이스가 디스크에서 쓰는 이름으로 찾았습니다(transformers의 이름 표)
warning-replaced = 어댑터가 텐서 { COUNT($tensors-count) }개를 통째로 가져와 베이스의 것과 바꿉니다: { LIST($tensors, shown: 4) }
warning-set-aside = { $tensor } 텐서는 병합하지 않습니다. { $rule }
warning-special-token-refused = { $adapter }: { $refused }
warning-special-tokens = { $adapter }: 학습하면서 특수 토큰이 바뀌었습니다({ LIST($changes) }). tokenizer_config.json에, 그리고 번호는 generation_config.json과 config.json에 옮깁니다
warning-stated-orientation = { $adapter }: transformers에 없는 클래스라서, 정사각 가중치를 { $orientation } 순서로 저장했다는 것은 fan_in_fan_out만 보고 정했습니다: { LIST($tensors, shown: 4) }
warning-stale-quantization = 베이스의 설정에는 양자화되었다고({ $method }) 적혀 있지만 모든 텐서가 보통 실수입니다. 남아 있던 항목이므로 뺍니다
warning-task-head =
    어댑터에 헤드가 있어({ LIST($tensors, shown: 4) }) 병합한 모델의 클래스는 { $class }입니다{ $label-count ->
        [none] {""}
       *[other] (레이블 { COUNT($label-count) }개)
    }{ $renamed-count ->
        [0] {""}
       *[other] . 텐서 { COUNT($renamed-count) }개는 이 클래스의 이름으로 씁니다
    }
warning-tokens-beyond-rows = 토크나이저의 토큰은 { COUNT($token-count) }개인데 임베딩은 { COUNT($row-count) }행이라, 넘는 번호는 쓸 수 없습니다
warning-unknown-keys = { $adapter }: adapter_config.json에 PEFT 0.21까지 어느 버전도 쓰지 않는 키가 { COUNT($keys-count) }개 있습니다({ LIST($keys) }). 새 옵션이라면 병합 방법이 다를 수 있습니다
warning-untied =
    베이스에서는 { $shared }와(과) { LIST($others) }이(가) 텐서 하나를 함께 쓰지만, 학습하면서 서로 달라졌습니다. 저마다 텐서를 갖고, tie_word_embeddings는 false가 됩니다{ $head-factor ->
        [none] {""}
       *[other] . 이 클래스는 둘이 묶여 있을 때만 헤드에 들어가는 값에 { FIXED($head-factor, digits: 6) }{ JOSA(FIXED($head-factor, digits: 6), "을", "를") } 곱하므로, 헤드에 그 값을 곱해 씁니다
    }{ $is-guessed ->
        [yes] . transformers에 없는 클래스라서, 이름은 비슷한 모델을 따랐습니다
       *[no] {""}
    }{ $needs-transformers-5 ->
        [none] {""}
       *[other] . { $needs-transformers-5 }
    }

with-period = { $said }.

wrong-values =
    { $tensor }: 값 { COUNT($element-count) }개 중 { COUNT($odd-count) }개가 베이스와 어댑터로 계산한 값이 아닙니다(가장 큰 오차 { SCIENTIFIC($max-error, digits: 3) }){ $is-neighbour ->
        [yes] . 모두 바로 이웃한 값입니다. 확률적으로 반올림했다면 시드를 알려 주세요
       *[no] {""}
    }

## Errors

adapter-error-bad-config = adapter_config.json의 내용이 올바르지 않습니다({ $problem })
adapter-error-bad-pattern = { $key }의 패턴을 정규식으로 읽을 수 없습니다: { QUOTED($pattern) }
    .hint = 패턴 대신 모듈 이름을 그대로 적으세요
adapter-error-cancelled = { $value }
adapter-error-contradiction = adapter_config.json이 가중치와 맞지 않습니다. { $problem }
    .hint = 이 가중치와 함께 저장된 adapter_config.json을 쓰세요
adapter-error-empty = 파일에 텐서가 하나도 없습니다
    .hint = 가중치가 저장되지 않았습니다. 어댑터를 다시 저장하세요
adapter-error-empty-tensors = 원소가 하나도 없는 텐서가 { COUNT($tensors-count) }개 있습니다: { LIST($tensors, shown: 3) }
    .hint = 값 없이 자리만 저장되었습니다(ZeRO-3 또는 FSDP). 가중치를 모은 다음 다시 저장하세요
adapter-error-factor-shapes = { $module }의 행렬들이 크기가 서로 맞지 않습니다({ $factors })
    .hint = 서로 다른 학습의 행렬이 섞였거나 파일을 고쳤습니다. 학습한 곳에서 어댑터를 다시 저장하세요
adapter-error-foreign = { $origin }(`{ SHORTENED($tensor) }`)
adapter-error-foreign-weights = { $format }
    .hint = { $format-id ->
        [foreign-format-gguf] 이 파일로 변환하기 전의 PEFT 폴더(adapter_config.json과 adapter_model.safetensors)를 고르세요
        [foreign-format-ggml] 이 파일로 변환하기 전의 PEFT 폴더(adapter_config.json과 adapter_model.safetensors)를 고르세요
        [foreign-format-lfs-pointer] { foreign-format-lfs-pointer.hint }
        [foreign-format-web-page] { foreign-format-web-page.hint }
       *[other] PEFT의 폴더(adapter_config.json과 adapter_model.safetensors)를 고르세요
    }
adapter-error-gguf = 이 GGUF 파일은 어댑터로 열 수 없습니다: { $problem }
    .hint = { $problem-id ->
        [gguf-model-error-header] 파일이 손상되었습니다. 다시 받거나 어댑터의 PEFT 폴더를 고르세요
        [gguf-model-error-other-architecture] 이 어댑터를 학습한 베이스 모델을 고르세요
       *[other] 이 파일로 변환하기 전의 PEFT 폴더(adapter_config.json과 adapter_model.safetensors)를 고르세요
    }
adapter-error-index-outside = { $tensor }에 적힌 위치 { $index }{ JOSA($index, "은", "는") } 범위({ $limit } 미만)를 벗어납니다
    .hint = 파일이 손상되었거나 크기가 다른 모델에서 학습했습니다. 어댑터를 다시 저장하세요
adapter-error-io = { $value }
adapter-error-is-model = 어댑터가 아니라 모델 전체가 든 폴더입니다
    .hint = 베이스와 어댑터를 각각 제 칸에 넣으세요. 모델 전체를 미세 조정한 것이라면 병합할 필요가 없습니다
adapter-error-missing = 폴더가 없습니다
    .hint = 경로를 확인하세요
adapter-error-missing-key = adapter_config.json에 { $key } 값이 없습니다
    .hint = 학습에 쓴 값을 찾아 적으세요. 짐작한 값은 모든 변화의 배율을 틀리게 합니다
adapter-error-no-config = 폴더에 adapter_config.json이 없습니다
    .hint = { $subfolders-count ->
        [0] adapter_config.json과 adapter_model.safetensors가 든 폴더를 고르세요
       *[other] 그 아래에 어댑터가 있습니다. 하나를 고르세요: { LIST($subfolders, shown: 4) }
    }
adapter-error-no-direction = { $tensor }에 길이가 0이거나 다른 방향에서 나오는 방향이 있습니다
    .hint = 이런 반사는 정의되지 않아 PEFT에서도 NaN이나 잡음이 됩니다. 다른 체크포인트를 쓰세요
adapter-error-no-effect = 이 어댑터의 변화가 모두 0이라, 병합해도 베이스와 똑같습니다
    .hint = 학습하기 전의 가중치입니다. 학습을 마친 다음 어댑터를 다시 저장하세요
adapter-error-no-method = adapter_config.json에 방식(peft_type)이 적혀 있지 않습니다{ $peft-type ->
        [none] {""}
       *[other] . 옆의 가중치는 { $peft-type } 방식으로 보입니다
    }
    .hint = PEFT가 이 가중치와 함께 저장한 adapter_config.json을 쓰세요
adapter-error-no-weights = 폴더에 adapter_model.safetensors나 .bin이 없습니다
    .hint = 가중치까지 어댑터를 다시 내려받으세요
adapter-error-non-finite = 텐서 { COUNT($tensors-count) }개에 NaN이나 무한한 값이 있습니다: { LIST($tensors, shown: 3) }
    .hint = 학습이 발산했거나 파일이 손상되었습니다. 더 이른 체크포인트를 쓰세요
adapter-error-not-a-folder = 어댑터 폴더가 아니라 파일입니다
    .hint = adapter_config.json이 든 폴더를 고르세요
adapter-error-only-full-weights = 폴더에 어댑터 가중치는 없고 모델 전체의 가중치({ $file })가 있습니다
    .hint = 병합했거나 통째로 학습한 모델은 병합할 필요가 없습니다. 그대로 쓰거나 베이스로 쓰세요
adapter-error-packed-weights = { $tensor }의 자료형이 { $dtype }입니다. 여기서는 수로 읽을 수 없습니다
    .hint = 어댑터 자체의 행렬이 압축되었거나 양자화되었습니다. 학습한 그대로의 실수 어댑터를 쓰세요
adapter-error-rank-mismatch = { $module }의 랭크가 가중치({ $stored })와 설정({ $configured })에서 서로 달라 배율을 알 수 없습니다
    .hint = 이 가중치와 함께 저장된 adapter_config.json을 쓰세요
adapter-error-saved-twice = 어댑터의 두 파일({ LIST($files) })에 { $tensor } 텐서가 있는데, 어느 쪽이 맞는지 알 수 없습니다
    .hint = 학습이 끝났을 때의 파일만 두고 다른 파일은 폴더에서 빼세요
adapter-error-several-adapters = 파일 하나에 어댑터가 여럿 들어 있습니다({ LIST($names) })
    .hint = PEFT의 `save_pretrained`로 어댑터마다 폴더를 따로 저장하세요
adapter-error-shards-missing = 어댑터의 조각 { COUNT($missing-count) }개가 폴더에 없습니다: { LIST($missing, shown: 4) }
    .hint = 덜 내려받았습니다. 없는 조각을 마저 내려받으세요
adapter-error-unpaired = { $module }에 { $absent } 행렬이 없습니다
    .hint = 어댑터가 덜 저장되었습니다. 다시 저장하세요
adapter-error-unread-beside = 어댑터 옆의 { $file } 파일을 읽을 수 없어, 학습한 것이 들어 있는지 알 수 없습니다: { $problem }
    .hint = { $problem-hint ->
        [none] 이 파일 없이 병합하려면 어댑터 폴더에서 빼세요
       *[other] { $problem-hint }. 이 파일 없이 병합하려면 어댑터 폴더에서 빼세요
    }
adapter-error-unsupported = { $feature } 이 버전에서 병합하지 않습니다. { $reason }
    .hint = { $way-out }
adapter-error-weights = { $value }
adapter-error-weights-without-config = 어댑터({ $peft-type })의 가중치이지만, 배율이 적힌 adapter_config.json이 옆에 없습니다
    .hint = 이 가중치를 받은 곳에서 adapter_config.json도 받으세요. lora_alpha나 alpha는 거기에만 있습니다

adapter-kind-discrete = 외장
adapter-kind-integrated = 내장
adapter-kind-other = 기타
adapter-kind-software = 소프트웨어

base-proof-depth = 학습에 쓴, 레이어가 더 많은 모델을 고르세요
base-proof-multimodal = 학습에 쓴 멀티모달 모델을 고르세요
base-proof-part = 학습에 쓴, 이 부분이 있는 모델을 고르세요
base-proof-shapes = 크기가 다른 모델의 것입니다. 학습에 쓴 베이스를 고르세요

cancelled = 취소했습니다

checkpoint-error-bad-header = 헤더가 올바른 safetensors가 아닙니다: { $problem }
    .hint = { $problem-id ->
        [header-error-unknown-dtype] 이 프로그램보다 새로운 파일이거나 손상된 파일입니다. 둘 다 새 버전이 있는지 살펴보세요
       *[other] 내려받거나 복사하다가 파일이 손상되었습니다. 이 파일을 다시 내려받으세요
    }
checkpoint-error-bad-json = 올바른 JSON이 아닙니다({ $problem })
checkpoint-error-duplicate-tensor = 두 샤드({ LIST($shards) })에 같은 텐서가 들어 있습니다: { SHORTENED($tensor) }
    .hint = 두 벌의 샤드가 섞여 있어, 불러오는 프로그램에 따라 쓰는 것이 다릅니다. 한 벌만 남기세요
checkpoint-error-empty = 체크포인트에 텐서가 하나도 없습니다
    .hint = 모델을 다시 내려받으세요
checkpoint-error-foreign = { $format }
checkpoint-error-gguf = 이 GGUF 파일은 모델로 열 수 없습니다: { $problem }
    .hint = { $problem-id ->
        [gguf-model-error-header] 파일이 손상되었거나 여기서 읽지 않는 형식입니다. 다시 받거나 safetensors 원본을 고르세요
        [gguf-model-error-is-adapter] 베이스 모델의 GGUF 파일이나 어댑터의 PEFT 폴더를 고르세요
        [gguf-model-error-several] 이 파일들 가운데 하나를 고르세요
        [gguf-model-error-split] `llama-gguf-split --merge`로 합치거나 safetensors 원본을 고르세요
       *[other] 이 파일로 변환하기 전의 safetensors 원본을 고르세요
    }
checkpoint-error-header-over-limit = 헤더가 { BYTES($claimed) }라고 적혀 있는데, 이 형식은 { BYTES($limit) }까지만 읽을 수 있습니다
    .hint = { checkpoint-error-no-header.hint }
checkpoint-error-header-too-long = 헤더가 { BYTES($claimed) }라고 적혀 있는데 파일은 { BYTES($available) }뿐입니다
    .hint = { checkpoint-error-no-header.hint }
checkpoint-error-incomplete-snapshot = 이 캐시 스냅숏의 다운로드가 끝나지 않았습니다: { $missing-count ->
        [0] 끊긴 다운로드 { COUNT($partial-download-count) }개
       *[other] 빠진 파일 { LIST($missing, shown: 4) }{ $partial-download-count ->
            [0] {""}
           *[other] , 끊긴 다운로드 { COUNT($partial-download-count) }개
        }
    }
    .hint = 모델을 다시 내려받으세요. 이미 받은 것은 그대로 씁니다
checkpoint-error-index-misplaces = { SHORTENED($tensor) } 텐서는 색인에 적힌 곳({ $indexed })이 아니라 { $found }에 들어 있습니다
    .hint = 색인과 샤드가 서로 다른 다운로드에서 왔습니다. 둘 다 다시 내려받으세요
checkpoint-error-indexed-tensors-missing = 색인에 적힌 텐서 { COUNT($tensors-count) }개가 어느 샤드에도 없습니다: { LIST($tensors, shown: 4) }
    .hint = 색인과 샤드가 서로 다른 다운로드에서 왔습니다. 둘 다 다시 내려받으세요
checkpoint-error-io = { $value }
checkpoint-error-is-adapter = 베이스 모델이 아니라 어댑터 폴더입니다
    .hint = 베이스와 어댑터를 각각 제 칸에 넣으세요. 학습에 쓴 베이스는 adapter_config.json에 적혀 있습니다
checkpoint-error-missing = 폴더가 없습니다
    .hint = 경로를 확인하세요
checkpoint-error-models-below = 폴더 자체에는 모델이 없습니다
    .hint = 그 아래에 모델이 있습니다. 하나를 고르세요: { LIST($subfolders, shown: 4) }
checkpoint-error-no-config = 모델의 구조를 적은 config.json이 가중치 옆에 없습니다
    .hint = { checkpoint-error-not-a-folder.hint }
checkpoint-error-no-header = safetensors 파일이라기에는 너무 짧습니다({ $byte-count }바이트)
    .hint = 내려받거나 복사하다가 파일이 손상되었습니다. 이 파일을 다시 내려받으세요
checkpoint-error-no-snapshot = 캐시 항목에 온전한 스냅숏이 없습니다
    .hint = 모델을 다시 내려받으세요. 이미 받은 것은 그대로 씁니다
checkpoint-error-no-weights = 폴더에 가중치가 없습니다(model.safetensors, pytorch_model.bin과 그 색인을 찾았습니다)
    .hint = 가중치까지 모델을 다시 내려받으세요
checkpoint-error-not-a-folder = 모델 폴더가 아니라 파일입니다
    .hint = config.json과 가중치가 든 폴더를 고르세요. 가중치 파일을 고르려면 옆에 config.json이 있어야 합니다
checkpoint-error-not-cached = Hugging Face Hub의 이름인데 이 컴퓨터의 캐시에 없습니다: { $id }
    .hint = 여기서는 아무것도 내려받지 않습니다. `hf download { $id }` 명령으로 내려받거나 폴더를 고르세요
checkpoint-error-not-computed = { $tensor } 텐서를 계산할 수 없습니다({ $problem })
    .hint = 어댑터와 베이스가 서로 맞는지 확인하세요
checkpoint-error-not-float = { $tensor }의 자료형이 { $dtype }입니다. 여기서는 수로 읽을 수 없습니다
    .hint = 양자화한 모델 대신 16비트나 32비트 원본을 쓰세요
checkpoint-error-packed = { $problem }
    .hint = { $problem-hint ->
        [none] 압축된 가중치가 손상되었거나 덜 받아졌습니다. 모델을 다시 받으세요
       *[other] { $problem-hint }
    }
checkpoint-error-pickle = { $problem }
checkpoint-error-several-snapshots = 캐시 항목에 스냅숏이 { COUNT($snapshots-count) }개 있는데 어느 것이 main인지 적혀 있지 않습니다: { LIST($snapshots, shown: 4) }
    .hint = `snapshots` 아래의 폴더 가운데 하나를 고르세요
checkpoint-error-shard-not-weights = 색인이 가리키는 샤드가 가중치 파일이 아닙니다: { $shard }
    .hint = { checkpoint-error-shard-outside.hint }
checkpoint-error-shard-outside = 색인이 폴더 밖의 샤드를 가리킵니다: { $shard }
    .hint = 색인은 같은 폴더의 가중치 파일만 가리킬 수 있습니다. 이 다운로드는 쓰지 마세요
checkpoint-error-shards-missing = { $file }에 적힌 파일이 폴더에 없습니다: { LIST($missing, shown: 4) }
    .hint = 다운로드가 끝나지 않았습니다. 빠진 샤드를 내려받으세요
checkpoint-error-trailing-bytes = 마지막 텐서 뒤에 알 수 없는 내용이 { BYTES($extra) } 더 있습니다
    .hint = { checkpoint-error-no-header.hint }
checkpoint-error-truncated = 파일이 잘렸습니다. 헤더에 적힌 텐서는 { BYTES($promised) }인데 { BYTES($held) }만 들어 있습니다
    .hint = { checkpoint-error-no-header.hint }

contradiction-token-rows = { $module }의 토큰 번호는 { $id-count }개인데 가중치는 { $row-count }행입니다
contradiction-too-many-parameters = 가중치는 { $module }의 파라미터를 { $level }개 이상 바꾸는데 target_parameters에는 { $named-count }개가 적혀 있습니다

encode-error-not-finite = { $index }번째 값이 NaN 또는 무한대입니다
encode-error-read-only = { $name } 형식은 읽기만 하고 쓰지 않습니다
encode-error-too-large = { $index }번째 값이나 그 블록이 반정밀도로 담을 수 없을 만큼 큽니다

eval-error-adapter = { $value }
eval-error-adapter-does-not-fit = 어댑터가 베이스와 맞지 않습니다. 어댑터 텐서 { COUNT($total) }개 중 { $placed }개만 자리를 찾았습니다({ LIST($problems, shown: 3) })
    .hint = 학습에 쓴 베이스를 고르세요
eval-error-adapter-method = { $method ->
        [none] 이 어댑터의
       *[other] { $method }
    } 방식({ $tensor })은 실행할 때 계산하지 못합니다. 선형 레이어의 보통 LoRA만 계산합니다
    .hint = 먼저 어댑터를 병합하고 그 폴더를 평가하세요
eval-error-architecture = { $architecture } 구조는 아직 평가하지 못합니다(할 수 있는 것: { LIST($covered) })
    .hint = 병합과 검사는 그대로 됩니다. 퍼플렉시티만 계산하지 못합니다
eval-error-bad-json-line = { $line }번째 줄이 올바르지 않습니다({ $problem })
    .hint = 줄마다 {"{"}"text": "…"{"}"} 모양이어야 합니다
eval-error-bad-token-list = 토큰 번호의 JSON 목록이 아닙니다({ $problem })
    .hint = 파일이 [1, 15043, 3186] 모양이어야 합니다
eval-error-bad-tokenizer = tokenizer.json을 쓸 수 없습니다({ $problem })
    .hint = 토크나이저 파일을 다시 내려받으세요
eval-error-bad-value = 설정의 { $key } 값이 올바르지 않습니다{ $value ->
        [none] {""}
       *[other] : { $value }
    }. { $expected }
    .hint = { eval-error-tensor-shape.hint }
eval-error-cancelled = { $value }
eval-error-checkpoint = { $value }
eval-error-compute = 모델의 계산이 실패했습니다({ $value })
eval-error-empty-text = 파일에 글이 없습니다
    .hint = 토큰이 둘 이상인 글을 고르세요
eval-error-io = { $value }
eval-error-measuring-failed = 모델을 재는 프로세스가 실패했습니다({ $said })
    .hint = 퍼플렉시티는 이 프로세스 없이도 잽니다
    .cli-hint = 퍼플렉시티는 이 프로세스 없이도 잽니다. 시간을 재지 않으려면 `--runs 0`을 쓰세요
eval-error-missing-key = 설정에 { $key } 값이 없습니다
    .hint = { eval-error-tensor-shape.hint }
eval-error-missing-tensor = { $tensor } 텐서가 없습니다
    .hint = { $is-unmerged ->
        [yes] 폴더에 아직 `base_layer` 키가 있습니다. 병합하지 않고 저장한 폴더입니다
       *[no] 가중치가 온전하지 않습니다. 다시 내려받거나 다시 병합하세요
    }
eval-error-no-model = 모델이 없습니다
    .hint = 모델 폴더를 하나 이상 고르세요
eval-error-no-text = 글이 없습니다
    .hint = 텍스트 파일이나 토큰 번호 목록을 고르세요
eval-error-no-tokenizer = 폴더에 tokenizer.json이 없습니다
    .hint = 베이스 모델의 토크나이저 파일을 폴더에 복사하거나, 글 대신 토큰 번호를 고르세요
eval-error-not-finite = 모델이 { $text }의 { COUNT($position) }번째 토큰에 유한한 확률을 주지 않습니다
    .hint = 가중치에 NaN이나 무한한 값이 있거나 병합이 넘쳤습니다. 먼저 폴더를 검사하세요
eval-error-not-utf8 = UTF-8도 CP949도 아닌 파일입니다(UTF-8은 { COUNT($offset) }바이트에서 끝남)
    .hint = 먼저 글을 UTF-8로 저장하세요
eval-error-nothing-to-score = { $text }: 토큰이 { COUNT($token-count) }개라 채점할 것이 없습니다
    .hint = 첫 토큰은 채점하지 않습니다. 토큰이 둘 이상인 글을 고르세요
eval-error-plan = 병합을 계산할 수 없습니다: { $value }
eval-error-quantized = 가중치가 { $method }(으)로 양자화되어 있습니다. 여기서는 읽지 않는 형식입니다
    .hint = 이름이 같은 16비트나 32비트 원본을 쓰세요
eval-error-tensor-dtype = { $tensor }의 자료형이 { $dtype }입니다. 수로 읽지 않습니다
    .hint = 먼저 float32, float16이나 bfloat16으로 바꾸세요
eval-error-tensor-shape = { $tensor }의 크기가 { SHAPE($stored) }인데 설정에 따르면 { SHAPE($configured) }입니다
    .hint = config.json과 가중치가 서로 다른 모델의 것이거나, 한쪽을 고쳤습니다
eval-error-token-outside-vocab = { $text }에 토큰 번호 { $id }번이 있는데 어휘는 { COUNT($vocab-size) }개입니다
    .hint = 다른 모델의 토크나이저로 나눈 글이거나, 임베딩의 크기를 바꾸지 않았습니다
eval-error-too-few-positions = { $text }의 창은 토큰 { $window }개인데 모델이 배운 위치는 { COUNT($position-count) }개뿐입니다
    .hint = 그보다 작은 창이나 더 짧은 프롬프트를 고르세요
eval-error-trained = { $value }
eval-error-unsupported-value = 설정의 { $key } 값 `{ $value }`에서는 아직 평가하지 못합니다(할 수 있는 것: { LIST($covered) })
    .hint = 병합과 검사는 그대로 됩니다. 퍼플렉시티만 계산하지 못합니다
eval-error-window-too-small = 창이 토큰 { COUNT($window) }개라 채점할 토큰이 없습니다
    .hint = 창은 토큰 2개 이상이어야 하고, 보통 2048개입니다

expected-activation = 함수의 이름이어야 합니다
expected-at-most-expert-count = 전문가 수를 넘을 수 없습니다
expected-even = 위치 회전에 짝수가 필요합니다
expected-expert-count = 전문가의 수여야 합니다
expected-flag = true나 false여야 합니다
expected-head-count-divisor = num_attention_heads의 약수여야 합니다
expected-hidden-size-divisor = 은닉 크기의 약수여야 합니다
expected-hidden-size-divisor-or-head-dim = head_dim이 없으면 hidden_size의 약수여야 합니다
expected-layer-count = 레이어의 수여야 합니다
expected-layer-type-list = 레이어마다 종류가 하나씩 있는 목록이어야 합니다
expected-part-of-head = 헤드 하나에서 한 차원 이상을 차지하는 비율이어야 합니다
expected-positive-count = 2^31보다 작은 양의 정수여야 합니다
expected-positive-number = 양수여야 합니다
expected-rotary-factor-list = 회전하는 차원의 쌍마다 수가 하나씩 있는 목록이어야 합니다

export-error-bad-json = 올바른 JSON이 아닙니다: { $problem }
export-error-bad-setting = llama.cpp의 계산이 학습 때와 달라집니다({ $key } = { $value })
export-error-bad-tokenizer = { $file } 파일을 쓸 수 없습니다: { $problem }
export-error-header = GGUF 파일에 담을 수 없는 모델입니다: { $problem }
export-error-io = { $value }
export-error-lora = 이 어댑터는 llama.cpp의 LoRA 파일에 담을 수 없습니다: { $problem }
    .hint = { $problem-id ->
        [lora-problem-several] 대신 병합하세요: `lorafuse gguf BASE --adapter A --adapter B`
        [lora-problem-type] F32, F16, BF16, Q8_0 가운데 하나를 고르세요
       *[other] 대신 병합하세요: `lorafuse gguf BASE --adapter ADAPTER`
    }
export-error-no-setting = llama.cpp에 필요한 { $key } 값이 없습니다
    .hint = 이 가중치에 딸린 config.json을 써 주세요
export-error-no-tensor = GGUF 파일의 { $tensor } 텐서가 될 것이 모델에 없습니다
    .hint = 다운로드가 덜 되었거나, config.json과 다른 클래스의 가중치입니다
export-error-no-tokenizer = tokenizer.json도, 이 모델의 클래스가 읽는 tokenizer.model도 없습니다
    .hint = 토크나이저 파일을 가중치 옆에 두세요. GGUF 파일에는 토크나이저도 들어갑니다
export-error-odd-rotations = 헤드의 값 { $head-dim }개 중 { $count }개를 회전하는데, llama.cpp는 쌍으로만 회전하고 transformers는 마지막 값을 이웃과 함께 회전합니다
    .hint = 회전하는 값이 짝수가 되는 비율이어야 합니다(config.json의 partial_rotary_factor나 rotary_pct)
export-error-tokenizer-kind = 내보내지 않는 종류의 토크나이저입니다: { $kind }
export-error-too-many-tokens = 토크나이저의 토큰은 { COUNT($tokens) }개인데 임베딩은 { COUNT($rows) }행입니다
    .hint = 이 가중치에 딸린 토크나이저를 써 주세요
export-error-unfit-tensor = `{ SHORTENED($tensor) }` 텐서의 모양이 설정과 맞지 않습니다({ SHAPE($shape) })
export-error-unknown-class = { $class } 클래스의 모델은 아직 GGUF로 내보내지 않습니다(지원: { LIST($covered) })
export-error-unknown-file-type = { $name } 형식은 없습니다(지원: { LIST($known) })
export-error-unknown-pre-tokenizer = llama.cpp가 이 토크나이저처럼 텍스트를 나누는지 알 수 없습니다({ LIST($parts, joint: ", ") }, 해시 { $hash })
    .hint = 학습 때와 다르게 나누면 답이 나빠지는데도 이유를 알 수 없게 됩니다
export-error-unplaced-tensor = llama.cpp의 { $architecture } 구조에는 `{ SHORTENED($tensor) }` 텐서의 자리가 없습니다
    .hint = 말없이 빼지 않습니다. 모델에 더해진 것을 먼저 병합하거나 빼 주세요
export-error-values = `{ SHORTENED($tensor) }` 텐서를 { $ggml-type } 형식으로 바꿀 수 없습니다: { $problem }
    .hint = { $problem-id ->
        [encode-error-too-large] f32나, f32와 범위가 거의 같은 bf16을 써 주세요
       *[other] 가중치가 손상되었거나 학습이 발산했습니다
    }
export-error-weights = { $value }

# 무엇을 병합하지 않는지, 문장의 주제로.
feature-dora-on-olora = OLoRA로 초기화한 DoRA는
feature-extra-vocabulary = 어휘를 따로 가진 어댑터({ $file })는
feature-grouped-convolution = 그룹이 { $group-count }개인 합성곱 { $module }의 어댑터는
feature-init = { $name } 초기화(init_lora_weights { QUOTED($init) })는
feature-method = { $peft-type ->
        [PROMPT_TUNING] 프롬프트 튜닝
        [MULTITASK_PROMPT_TUNING] 다중 과제 프롬프트 튜닝
        [P_TUNING] P-튜닝
        [PREFIX_TUNING] 프리픽스 튜닝
        [CPT] 문맥 인식 프롬프트 튜닝
       *[other] { $name }
    } 방식(peft_type { $peft-type })은
feature-mlx = mlx-lm 어댑터는
feature-mlx-factor = 크기가 { SHAPE($shape) }인 mlx-lm의 행렬({ $tensor })은
feature-mlx-numpy = NumPy 형식의 mlx-lm 어댑터(adapters.npz)는
feature-mlx-run = fine_tune_type이 { QUOTED($kind) }인 mlx-lm 학습은
feature-old-oft = PEFT 0.16 이전의 OFT(oft_r)는
feature-option = { $key ->
        [layer_replication] 레이어 복제
        [alora_invocation_tokens] 활성화 LoRA(aLoRA)
        [arrow_config] Arrow 라우팅
       *[other] { $name }
    } 옵션({ $key })은
feature-scaled-factors = 스스로 양자화된 어댑터({ $tensor })는
feature-setting = { $key } 값이 { QUOTED($value) }인 { $name } 어댑터는
feature-unknown-method = { $name } 방식은

folder-contents-below = { $models-count ->
        [0] 어댑터 { COUNT($adapters-count) }개를
       *[other] { $adapters-count ->
            [0] 모델 { COUNT($models-count) }개를
           *[other] 모델 { COUNT($models-count) }개와 어댑터 { COUNT($adapters-count) }개를
        }
    } 담은 바깥 폴더입니다
    .hint = 열 것을 고르세요
folder-contents-file = 가중치도 설정도 아닌 파일입니다
    .hint = 모델 폴더에는 config.json과 가중치가, 어댑터 폴더에는 adapter_config.json과 어댑터 가중치가 있습니다
folder-contents-nothing = 빈 폴더입니다
    .hint = 병합한 모델을 여기에 쓸 수 있습니다
folder-contents-other = 모델도 어댑터도 없는 폴더입니다. 들어 있는 것: { LIST($names) }
    .hint = { folder-contents-file.hint }

foreign-adapter-comfy-ui = ComfyUI의 이름을 쓰는 확산 모델용 LoRA입니다
    .hint = { foreign-adapter-kohya.hint }
foreign-adapter-diffusers = diffusers의 이름을 쓰는 확산 모델용 LoRA입니다
    .hint = { foreign-adapter-kohya.hint }
foreign-adapter-kohya = kohya의 sd-scripts 형식으로 된 확산 모델용 LoRA입니다
    .hint = 이 프로그램은 언어 모델을 병합합니다. ComfyUI나 diffusers(`load_lora_weights`, `fuse_lora`)처럼 이미지를 만드는 곳에서 쓰세요
foreign-adapter-lora-down-up = PEFT가 아니라 kohya 방식(lora_down, lora_up, alpha)의 LoRA입니다
    .hint = 학습에 쓴 라이브러리로 PEFT 형식으로 바꾸세요
foreign-adapter-megatron = Megatron이나 NeMo의 고유한 이름을 쓰는 LoRA입니다
    .hint = 학습에 쓴 라이브러리(Megatron Bridge)로 Hugging Face 형식으로 내보내세요
foreign-adapter-textual-inversion = 어댑터가 아니라 확산 모델의 임베딩(textual inversion)입니다
    .hint = { foreign-adapter-kohya.hint }
foreign-adapter-torchtune = torchtune의 고유한 이름을 쓰는 LoRA입니다
    .hint = torchtune이 그 옆에 PEFT 형식으로 저장한 폴더(adapter_config.json과 adapter_model.*)를 고르세요

foreign-format-consolidated = Hugging Face가 아니라 만든 곳의 구조(consolidated)로 된 모델입니다
    .hint = 같은 모델을 Hugging Face의 구조(config.json과 model.safetensors)로 고르거나 transformers로 변환하세요
foreign-format-diffusers = 이미지나 영상, 소리를 만드는 diffusers의 모델입니다
    .hint = 이 프로그램은 언어 모델을 병합합니다. diffusers의 LoRA는 diffusers에서 합치세요(`load_lora_weights` 다음 `fuse_lora`)
foreign-format-flax = Flax 가중치 파일입니다
    .hint = { foreign-format-tensor-flow.hint }
foreign-format-ggml = GGUF 이전의 llama.cpp 형식인 GGML 파일입니다
    .hint = { foreign-format-gguf.hint }
foreign-format-gguf = llama.cpp와 Ollama의 형식인 GGUF 파일입니다
    .hint = 이 파일로 변환하기 전의 safetensors 원본을 고르세요. 병합한 뒤에 다시 변환할 수 있습니다
foreign-format-lfs-pointer = 파일 자체가 아니라 Git LFS 포인터입니다
    .hint = 그 폴더에서 `git lfs pull`을 실행하거나 Hub에서 파일 자체를 내려받으세요
foreign-format-onnx = ONNX 그래프입니다
    .hint = { foreign-format-tensor-flow.hint }
foreign-format-tensor-flow = TensorFlow 가중치 파일입니다
    .hint = 같은 모델의 safetensors를 고르거나, transformers에서 불러와 `save_pretrained`로 저장하세요
foreign-format-web-page = 파일 자체가 아니라 웹 페이지입니다
    .hint = 파일이 아니라 그 파일을 보여 주는 페이지가 저장되었습니다. 파일 자체를 내려받으세요

gguf-error-bad-alignment = 정렬 단위 { $alignment } 값이 2의 거듭제곱이 아닙니다
gguf-error-bad-bool = 참거짓 값이 { $found }입니다
gguf-error-bad-dimensions = `{ SHORTENED($tensor) }` 텐서의 차원이 올바르지 않습니다({ SHAPE($dims) })
gguf-error-bad-name = 텐서 이름 `{ SHORTENED($tensor) }`의 길이가 { BYTES($byte-count) }입니다. ggml은 1~63바이트만 받습니다
gguf-error-bad-text = { $at }바이트의 텍스트가 UTF-8이 아닙니다
gguf-error-big-endian = 빅 엔디언 순서로 되어 있습니다
gguf-error-broken-row = `{ SHORTENED($tensor) }` 텐서의 { $columns }개짜리 행이 { $block }개 블록으로 나누어떨어지지 않습니다({ $ggml-type })
gguf-error-empty-value = `{ SHORTENED($key) }` 값이 비어 있습니다
gguf-error-ends-early = { BYTES($needed) }가 필요한데 { BYTES($held) }뿐입니다
gguf-error-key-twice = `{ SHORTENED($key) }` 키가 두 번 나옵니다
gguf-error-misplaced = `{ SHORTENED($tensor) }` 텐서는 데이터의 { $offset }바이트에서 시작하는데, 앞의 텐서대로라면 { $expected }바이트여야 합니다
gguf-error-name-twice = `{ SHORTENED($tensor) }` 이름의 텐서가 둘입니다
gguf-error-not-gguf = GGUF 파일의 시작이 아닙니다
gguf-error-too-deep = 메타데이터의 배열이 { $most }단계보다 깊습니다
gguf-error-too-long = 헤더가 { BYTES($needed) } 이상인데, { BYTES($most) }보다 클 이유가 없습니다
gguf-error-unknown-type = `{ SHORTENED($tensor) }` 텐서의 ggml 형식 { $ggml-type }은 읽지 않습니다
gguf-error-unknown-value-type = 값의 형식 { $number }번은 GGUF에 없습니다
gguf-error-unknown-version = GGUF { $version }판입니다. 2판과 3판을 읽습니다
gguf-error-unreadable = 읽을 수 없습니다: { $problem }

gguf-file-error-bad = 읽을 수 있는 GGUF 파일이 아닙니다: { $problem }
gguf-file-error-io = { $value }

gguf-model-error-bad-key = `{ SHORTENED($key) }` 값 { $value }이 파일의 다른 내용과 맞지 않습니다
gguf-model-error-header = 헤더를 읽을 수 없습니다({ $problem })
gguf-model-error-is-adapter = LoRA 어댑터가 들어 있습니다
gguf-model-error-no-key = `{ SHORTENED($key) }` 값이 없습니다
gguf-model-error-no-tensor = `{ SHORTENED($tensor) }` 텐서가 없습니다
gguf-model-error-not-lora = `{ SHORTENED($kind) }` 종류의 어댑터입니다. LoRA만 읽습니다
gguf-model-error-other-architecture = `{ SHORTENED($architecture) }` 아키텍처용인데 베이스는 `{ SHORTENED($base) }`입니다
gguf-model-error-other-kind = 언어 모델이 아니라 `{ SHORTENED($kind) }` 종류입니다
gguf-model-error-refused = 변환을 되돌릴 수 없습니다({ $problem })
gguf-model-error-several = 폴더에 여러 개가 있습니다: { LIST($files, shown: 4) }
gguf-model-error-split = { $count }개로 나뉜 파일 가운데 하나입니다
gguf-model-error-unfit-tensor = `{ SHORTENED($tensor) }` 텐서의 차원 { SHAPE($dims) }이 메타데이터와 맞지 않습니다
gguf-model-error-unknown-architecture = `{ SHORTENED($architecture) }` 아키텍처는 읽지 않습니다(읽는 것: { LIST($covered) })
gguf-model-error-unknown-key = `{ SHORTENED($key) }` 값이 { $value }인데, 모델에 어떤 영향을 주는지 여기서는 알 수 없습니다
gguf-model-error-unknown-tensor = 이 아키텍처의 모델에는 `{ SHORTENED($tensor) }` 텐서의 자리가 없습니다

gpu-adapter = gpu:{ $index } { $name } ({ $backend }, { $kind })

header-error-gap = `{ SHORTENED($tensor) }` 텐서는 { $start }바이트에서 시작하는데 앞의 텐서가 { $previous-end }바이트에서 끝나 사이가 빕니다
header-error-named-twice = 이름이 `{ SHORTENED($tensor) }`인 텐서가 둘입니다
header-error-not-json = JSON으로 읽을 수 없습니다({ $problem })
header-error-not-utf8 = { $valid-byte-count }바이트 뒤부터 UTF-8이 아닙니다
header-error-overlap = `{ SHORTENED($tensor) }` 텐서는 { $start }바이트에서 시작하는데 앞의 텐서가 { $previous-end }바이트에서 끝나 서로 겹칩니다
header-error-partial-byte = `{ SHORTENED($tensor) }` 텐서가 마지막 바이트를 다 채우지 않습니다({ $dtype }, { SHAPE($shape) })
header-error-refused = safetensors 형식에 맞지 않습니다({ $problem })
header-error-reversed = `{ SHORTENED($tensor) }` 텐서가 시작보다 먼저 끝납니다({ $start }~{ $end }바이트)
header-error-too-many-elements = `{ SHORTENED($tensor) }`의 원소가 파일에 담길 수 없을 만큼 많습니다({ SHAPE($shape) })
header-error-unknown-dtype = `{ SHORTENED($tensor) }`: { $problem }
header-error-wrong-size = `{ SHORTENED($tensor) }` 텐서는 { $held }바이트인데 { $dtype } { SHAPE($shape) }에는 { $needed }바이트가 필요합니다

input-role-adapter = 어댑터
input-role-base = 베이스

# “못했습니다” 앞에 오는 말.
io-action-copy-side-file = 부속 파일을 복사하지
io-action-copy-weights = 가중치를 복사하지
io-action-create-card = 모델 카드를 만들지
io-action-create-file = 파일을 만들지
io-action-create-folder = 폴더를 만들지
io-action-create-lock = 잠금 파일을 만들지
io-action-create-output = 출력 폴더를 만들지
io-action-create-report = 보고서를 만들지
io-action-create-seal = 봉인을 만들지
io-action-create-shard = 샤드를 만들지
io-action-end-process = 프로세스를 끝내지
io-action-list-folder = 폴더의 목록을 읽지
io-action-name-card = 모델 카드에 이름을 붙이지
io-action-name-config = config.json에 이름을 붙이지
io-action-name-output = 출력 폴더에 이름을 붙이지
io-action-name-seal = 봉인에 이름을 붙이지
io-action-name-shard = 샤드에 이름을 붙이지
io-action-open-file = 파일을 열지
io-action-open-lock = 잠금 파일을 열지
io-action-open-shard = 샤드를 열지
io-action-open-side-file = 부속 파일을 열지
io-action-open-weights = 가중치를 열지
io-action-read-adapter-config = 어댑터의 설정을 읽지
io-action-read-back = 쓴 것을 다시 읽지
io-action-read-back-page = 쓴 것을 다시 읽지
io-action-read-chat-template = 채팅 템플릿을 읽지
io-action-read-config = 설정을 읽지
io-action-read-file = 파일을 읽지
io-action-read-generation-config = generation_config.json을 읽지
io-action-read-header = 헤더를 읽지
io-action-read-index = 색인을 읽지
io-action-read-journal = 진행 기록을 읽지
io-action-read-labels = 라벨을 읽지
io-action-read-model-config = 모델의 설정을 읽지
io-action-read-pickle = data.pkl을 읽지
io-action-read-process = 프로세스의 응답을 읽지
io-action-read-seal = 봉인을 읽지
io-action-read-side-text = 글을 읽지
io-action-read-size = 크기를 읽지
io-action-read-text = 글을 읽지
io-action-read-time-of-change = 바뀐 시각을 읽지
io-action-read-token-ids = 토큰 번호를 읽지
io-action-read-tokenizer = 토크나이저를 읽지
io-action-read-vocabulary = 어휘를 읽지
io-action-read-weights = 가중치를 읽지
io-action-remove-journal = 진행 기록을 지우지
io-action-remove-leftovers = 중단된 병합이 남긴 것을 지우지
io-action-remove-lock = 잠금 파일을 지우지
io-action-reserve-shard = 샤드의 공간을 확보하지
io-action-resolve-path = 경로를 찾지
io-action-set-shard-size = 샤드의 크기를 정하지
io-action-start-process = 프로세스를 시작하지
io-action-start-thread = 스레드를 시작하지
io-action-start-worker = 작업 스레드를 시작하지
io-action-sync-card = 모델 카드를 디스크에 기록하지
io-action-sync-folder = 폴더를 디스크에 기록하지
io-action-sync-seal = 봉인을 디스크에 기록하지
io-action-sync-shard = 샤드를 디스크에 기록하지
io-action-sync-side-file = 부속 파일을 디스크에 기록하지
io-action-sync-weights = 가중치를 디스크에 기록하지
io-action-wait-for-process = 프로세스를 기다리지
io-action-write-card = 모델 카드를 쓰지
io-action-write-journal = 진행 기록을 쓰지
io-action-write-report = 보고서를 쓰지
io-action-write-seal = 봉인을 쓰지
io-action-write-side-file = 부속 파일을 쓰지
io-action-write-weights = 가중치를 쓰지

io-error = { $action } 못했습니다: { $source }

io-already-exists = 같은 이름이 이미 있습니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
io-broken-pipe = 상대 프로세스가 끝났습니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
io-file-too-large = 파일이 너무 큽니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
    .hint = 맞는 파일인지 확인하세요. 긴 글이라면 일부만 고르세요
io-invalid-data = 내용이 올바르지 않습니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
    .hint = 파일이 손상되었습니다. 다시 내려받으세요
io-is-a-directory = 파일이 아니라 폴더입니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
io-not-a-directory = 폴더가 아닙니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
io-not-found = 파일이나 폴더가 없습니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
    .hint = 경로를 확인하세요
io-other = { $detail }
io-out-of-memory = 메모리가 모자랍니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
io-permission-denied = 권한이 없습니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
    .hint = 입력을 읽고 출력 폴더에 쓸 권한이 있는지 확인하세요
io-quota-exceeded = 디스크 할당량을 넘었습니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
io-read-only-filesystem = 읽기 전용 파일 시스템입니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
io-resource-busy = 다른 곳에서 쓰고 있습니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
io-storage-full = 디스크에 빈 공간이 없습니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
    .hint = 공간을 비우거나 다른 디스크에 쓰세요
io-timed-out = 응답이 없습니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
io-unexpected-eof = 파일이 도중에 끝납니다{ $code ->
        [none] {""}
       *[other] {" "}(os error { $code })
    }
    .hint = 파일이 헤더에 적힌 것보다 짧습니다. 다시 내려받으세요

json-problem-empty = 파일이 비어 있습니다
    .hint = 내려받거나 복사하다가 끊겼습니다. 이 파일을 다시 내려받으세요
json-problem-ends-early = { $line }번째 줄에서 끊깁니다
    .hint = 내려받거나 복사하다가 끊겼습니다. 이 파일을 다시 내려받으세요
json-problem-not-an-object = 중괄호로 묶인 객체가 아닙니다
    .hint = 이름과 다른 파일입니다. 다시 내려받으세요
json-problem-syntax = { $said }
    .hint = 직접 고친 파일이면 그 자리를 바로잡고, 아니면 다시 내려받으세요

launch-error-fault = Lorafuse의 결함으로 창이 닫혔습니다
    .hint = 알려 주세요. { $log ->
        [none] 로그는 쓰지 못했습니다
       *[other] 로그는 { $log } 에 있습니다
    }
launch-error-no-display = 창을 열 수 없습니다: { $reason }
    .hint = 화면 없이 전체 과정을 보려면 `lorafuse demo`를 실행하세요
launch-error-no-library = 창을 열 수 없습니다: { $name } 파일이 없습니다
    .hint = 설치하거나(Debian: libxkbcommon-x11-0, libx11-6, libwayland-client0), 화면이 필요 없는 `lorafuse demo`를 실행하세요
launch-error-no-renderer = 여기서는 어느 렌더러도 동작하지 않습니다: { $reason }
    .hint = Vulkan이나 OpenGL 드라이버를 설치하거나(Debian: mesa-vulkan-drivers, libgl1-mesa-dri와 libegl1), 둘 다 필요 없는 `lorafuse demo`를 실행하세요
launch-error-renderer-lost = 렌더러가 실패했습니다: { $reason }
    .hint = LORAFUSE_RENDERER=glow로 다시 시작하세요. 병합은 멈춘 곳에서 이어집니다
launch-error-unknown-renderer = `{ $name }` 렌더러는 없습니다
    .hint = LORAFUSE_RENDERER에 wgpu나 glow를 지정하거나, 지정하지 마세요

lora-problem-no-place = llama.cpp가 읽는 행렬 가운데 `{ SHORTENED($tensor) }` 텐서의 자리가 없습니다
lora-problem-no-scale = 변화의 배율이 0인데, llama.cpp는 이를 1로 읽습니다
lora-problem-not-low-rank = { $method } 방식이 바꾸는 `{ SHORTENED($tensor) }` 텐서는 두 행렬로 나타낼 수 없습니다
lora-problem-ranks = `{ SHORTENED($tensor) }` 텐서의 전문가마다 랭크가 다릅니다
lora-problem-replaced = `{ SHORTENED($tensor) }` 텐서는 어댑터가 통째로 가진 텐서입니다
lora-problem-several = 어댑터가 { $count }개입니다
lora-problem-shared-head = `{ SHORTENED($tensor) }` 텐서는 임베딩이자 출력 헤드라서 llama.cpp에서는 둘 다 바뀝니다
lora-problem-type = { $file-type } 형식의 행렬은 없습니다

merge-error-adapter = { $value }
merge-error-already-sealed = 이미 봉인된 폴더입니다
    .hint = 다시 봉인하려면 그 파일을 지우세요
merge-error-bad-seal = 봉인을 읽을 수 없습니다. sha256sum의 줄이 아닌 것이 있습니다: `{ $line }`
    .hint = `sha256sum -c`도 같은 파일을 읽습니다. 폴더를 다시 봉인하세요
merge-error-base = { $value }
merge-error-base-not-finite = 베이스의 { $tensor }에 NaN이나 무한한 값이 { COUNT($element-count) }개 있습니다
    .hint = 베이스가 손상되었습니다. 다시 내려받으세요
merge-error-cancelled = { $value }
merge-error-cancelled-kept = 취소했습니다. { BYTES($byte-count) }를 써 두었고 { $kept-in } 에 남아 있습니다
    .hint = 같은 병합을 다시 시작하면 이어서 진행합니다. 필요 없으면 그 폴더를 지우세요
merge-error-device-lost = 장치가 응답을 멈췄습니다: { $device }
    .hint = 다시 실행해 보세요. 계속되면 알려 주세요
merge-error-device-not-opened = { $device } 장치를 쓸 수 없습니다. { $reason }
    .hint = CPU로 병합하거나 장치의 드라이버를 새로 설치하세요
    .cli-hint = CPU로 병합하거나(`--device cpu`) 장치의 드라이버를 새로 설치하세요
merge-error-disk-full = 디스크 공간이 모자랍니다. { BYTES($needed) }가 더 필요한데 { BYTES($free) }만 비어 있습니다
    .hint = 공간을 비우거나, 다른 디스크를 고르거나, 출력 자료형을 BF16으로 바꿔 절반만 쓰세요
    .cli-hint = 공간을 비우거나, 다른 디스크를 고르거나, `--dtype bf16`으로 절반만 쓰세요
merge-error-export = { $value }
merge-error-file-too-large = { BYTES($needed) } 파일은 파일 시스템이나 이 세션의 한도를 넘습니다
    .hint = 다른 디스크를 고르거나(FAT32의 파일은 4 GB까지입니다), 한도를 늘리세요(`ulimit -f`)
    .cli-hint = 더 작게 나눠 쓰거나(FAT32에는 `--max-shard-size 4GB`), 다른 디스크를 고르거나, 한도를 늘리세요(`ulimit -f`)
merge-error-in-use = 다른 프로세스가 이 출력에 병합하고 있습니다
    .hint = 끝나기를 기다리거나 다른 출력을 고르세요
merge-error-io = { $value }
merge-error-no-gpu-support = 이 빌드는 CPU로만 계산합니다
    .hint = CPU를 고르거나, `gpu` 기능을 넣어 빌드하세요
    .cli-hint = `--device cpu`를 쓰거나, `gpu` 기능을 넣어 빌드하세요
merge-error-no-such-device = `{ $asked }` 장치가 없습니다
    .hint = { $listed-count ->
        [0] Vulkan, Metal, DirectX 12의 드라이버를 찾지 못했습니다. CPU로 병합하세요
       *[other] 고를 수 있는 장치: cpu, { LIST($listed) }
    }
    .cli-hint = { $listed-count ->
        [0] Vulkan, Metal, DirectX 12의 드라이버를 찾지 못했습니다. CPU로 병합하세요(`--device cpu`)
       *[other] 고를 수 있는 장치: cpu, { LIST($listed) }
    }
merge-error-only-software-device = GPU는 없고 소프트웨어 렌더러만 있습니다: { LIST($listed) }
    .hint = CPU가 더 빠릅니다. 그래도 렌더러를 쓰려면 장치 목록에서 직접 고르세요
    .cli-hint = CPU가 더 빠릅니다(`--device cpu`). 그래도 렌더러를 쓰려면 `--device gpu:0`처럼 직접 고르세요
merge-error-overflow = { $tensor }의 값 { COUNT($element-count) }개가 { $dtype }에 담기지 않을 만큼 큽니다. 가장 큰 값은 { $max-magnitude }입니다
    .hint = 출력 자료형을 BF16이나 F32로 바꾸세요
    .cli-hint = bfloat16이나 float32로 쓰세요(`--dtype bf16`)
merge-error-partial-is-foreign = 작업 폴더와 이름이 같은 남의 폴더가 있습니다
    .hint = 그 폴더를 옮기거나 다른 출력을 고르세요
merge-error-plan = { $value }

mismatch = 어댑터 텐서 { COUNT($tensor-count) }개 중 { $placed-count }개만 자리를 찾았습니다{ LINES($misplaced, shown: 5) }
    .hint = { $advice }

mismatch-advice-ask-the-layer = 모델에서 순서를 직접 보는 PEFT의 `merge_and_unload`로 병합하세요
mismatch-advice-files-beside = 어댑터 가중치 옆에 { LIST($files) } 파일이 있습니다. 이 텐서들이 있는 베이스를 고르거나, 파일 없이 병합하려면 어댑터 폴더에서 빼세요
mismatch-advice-foreign = { $origin }. { $origin-hint }
mismatch-advice-grown-vocabulary = 임베딩까지 저장하거나(PEFT의 `save_embedding_layers=True`), 학습 때와 어휘가 같은 베이스를 고르세요
mismatch-advice-keep-one-file = 학습이 끝날 때 저장한 파일만 남기고, 다른 파일은 폴더에서 빼세요
mismatch-advice-name-task = 무엇을 위해 학습했는지 adapter_config.json에 적어 주세요. `task_type`에 SEQ_CLS, TOKEN_CLS, QUESTION_ANS 가운데 하나를, 또는 `auto_mapping`의 `base_model_class`에 클래스를 적습니다
mismatch-advice-no-merged-form = 실행할 때 어댑터로 불러 쓰세요. 병합한 형태가 없습니다
mismatch-advice-one-at-a-time = 어댑터를 하나씩, 앞의 결과에 차례로 병합하세요
mismatch-advice-other-base = { $proof }{ $trained-on ->
        [none] {""}
       *[other] (설정에 적힌 베이스: `{ $trained-on }`)
    }
mismatch-advice-other-kind = 이 베이스에는 그런 이름이 하나도 없습니다. 다른 종류의 모델을 위한 어댑터입니다{ $trained-on ->
        [none] {""}
       *[other] (설정에 적힌 베이스: `{ $trained-on }`)
    }
mismatch-advice-other-layout = 학습 때와 같은 구조의 모델을 고르세요. 여기서는 같은 행렬이 다른 텐서에 들어 있어 어댑터의 행렬이 맞지 않습니다
mismatch-advice-other-library = { $library } 라이브러리의 { $class } 모델로 학습한 어댑터입니다. 그 라이브러리에서 그런 모델에 병합하세요
mismatch-advice-other-name = 어댑터에 적힌 베이스는 `{ $trained-on }`인데 이 베이스는 `{ $base }`입니다. 학습에 쓴 베이스를 고르세요
mismatch-advice-own-release = 학습에 쓴 라이브러리와 버전에서 병합하세요
mismatch-advice-packed-base = 이름이 같은 16비트나 32비트 원본을 쓰세요
mismatch-advice-say-orientation = { $is-stated-in-out ->
        [yes] 학습한 모델에서 이 레이어가 Linear이면 adapter_config.json에 `"fan_in_fan_out": false`로 적으세요. Conv1D이면 레이어를 직접 보는 PEFT의 `merge_and_unload`로 병합하세요
       *[no] 학습한 모델에서 이 레이어가 Conv1D이면 adapter_config.json에 `"fan_in_fan_out": true`로 적으세요. Linear이면 레이어를 직접 보는 PEFT의 `merge_and_unload`로 병합하세요
    }
mismatch-advice-some-unplaced = 학습에 쓴 모델{ $trained-on ->
        [none] {""}
       *[other] (설정에 적힌 베이스: `{ $trained-on }`)
    }과 이름을 견주어 보세요. 이 베이스에 없는 모듈이 그 모델에 있거나, 파일의 이름이 바뀌었습니다
mismatch-advice-unknown-tie = transformers에서 베이스를 불러와 묶음을 풀고(`tie_word_embeddings=False`) 저장한 것을 고르세요

packed-error-bad-code = { $tensor }에 수가 아닌 코드가 있습니다
packed-error-bad-config = config.json에는 압축된 가중치의 { $key }이(가) { $said }(으)로 되어 있는데, 그 가중치와 맞지 않습니다
packed-error-bad-scale = { $tensor }에 있는 스케일 { $value }(으)로는 가중치를 만들 수 없습니다
packed-error-bad-state = 양자화 상태 { $tensor }을(를) 읽을 수 없습니다({ $problem })
packed-error-contradicted = config.json에는 { $key }이(가) { $said }(으)로 되어 있는데, { $tensor }은(는) 그와 맞지 않습니다
packed-error-io = { $value }
packed-error-lone-table = { $table }의 가중치가 없거나 다른 방식으로 압축되어 있습니다
packed-error-missing-codes = { $tensor }의 테이블은 있는데 압축된 가중치가 없습니다
packed-error-missing-table = { $tensor }은(는) 압축되어 있는데, 읽는 데 필요한 { $table }이(가) 없습니다
packed-error-missing-tables = { $tensor }은(는) 압축되어 있는데, 읽는 데 쓸 것이 하나도 없습니다
packed-error-no-group = config.json의 config_groups에는 { $tensor }의 압축 방식과 맞는 그룹이 없습니다
packed-error-no-such-group = { $tensor }에는 그룹 { $group }이(가) 있는데, 그룹은 { $count }개뿐입니다
packed-error-not-finite = { $tensor }에 { $value } 값이 있어 코드로 바꿀 수 없습니다
packed-error-other-layout = config.json에는 압축된 가중치의 { $key }이(가) { $said }(으)로 되어 있는데, 전용 커널만 읽을 수 있는 배치입니다
    .hint = 이름이 같은 16비트나 32비트 원본을 쓰세요
packed-error-none-of-method = config.json에는 가중치가 { $method }(으)로 압축되었다고 적혀 있지만 그렇게 압축된 가중치가 하나도 없습니다. 설정과 가중치가 서로 다른 모델의 것이거나 한쪽이 고쳐졌습니다
packed-error-scattered = { $tensor }은(는) 압축되어 있는데, 바이트가 이어져 있지 않습니다
packed-error-several-states = { $tensor }의 양자화 상태가 둘이어서 어느 쪽이 맞는지 알 수 없습니다
packed-error-state-lacks = 양자화 상태 { $tensor }에 테이블을 읽는 데 필요한 `{ $key }`이(가) 없습니다
packed-error-state-says = { $tensor }에는 { $key }이(가) { $said }(으)로 되어 있는데, 이 가중치와 맞지 않습니다
packed-error-unknown-code-book = { $tensor }은(는) bitsandbytes가 쓰는 코드북과 다릅니다
packed-error-wrong-dtype = { $tensor }의 자료형이 { $dtype }입니다. 압축된 가중치는 { $expected }입니다
packed-error-wrong-shape = { $tensor }의 크기가 { SHAPE($shape) }입니다. 이렇게 압축된 가중치는 { SHAPE($expected) }입니다
packed-error-wrong-size = { $tensor }은(는) { BYTES($held) }인데, 가중치에는 { BYTES($needed) }가 필요합니다
quantization-note-config-differs = config.json에는 { $key }이(가) { $said }(으)로 되어 있는데 압축된 가중치의 상태에는 { $found }(으)로 되어 있습니다. 상태를 따릅니다
quantization-note-layout-differs = config.json에는 따로 적지 않은 가중치가 { $said }(으)로 되어 있는데, 그런 가중치 { COUNT($tensor-count) }개의 모양은 { $found }입니다. 모양을 따릅니다
quantization-note-rounded-states = 모델은 { $dtype }인데 압축된 가중치 { COUNT($tensor-count) }개의 상태는 float32입니다. CPU에서 압축된 가중치에 병합하면 이렇게 됩니다. { $dtype }(으)로 반올림합니다
quantization-note-wide-states = 압축된 가중치 { COUNT($tensor-count) }개의 상태가 float32이고 config.json에 자료형이 없습니다. float32로 풀어서 16비트의 두 배 크기가 됩니다
quantization-note-wrapped-zeros = 가중치 { COUNT($tensor-count) }개의 영점 { COUNT($field-count) }개가 모두 1인 비트로 저장되어 있습니다. GPTQModel처럼 0으로 읽습니다. ExLlama 커널은 가장 큰 코드보다 하나 큰 수로 읽습니다

pickle-error-bad-key = 이름이 글이 아닌 항목이 있습니다: { $found }
    .hint = { pickle-error-nested.hint }
pickle-error-bad-tensor = `{ $entry }` 텐서가 저장된 값과 맞지 않습니다({ $problem })
    .hint = { pickle-error-damaged.hint }
pickle-error-byte-order = 텐서의 바이트 순서가 { $order }입니다
    .hint = { pickle-error-legacy.hint }
pickle-error-damaged = data.pkl이 { $at }바이트에서 손상되었습니다({ $problem })
    .hint = 내려받거나 복사하다가 손상되었거나 다른 종류의 파일입니다. 다시 내려받으세요
pickle-error-duplicate-entry = 파일 안에 { $entry } 항목이 두 번 들어 있습니다
    .hint = { pickle-error-damaged.hint }
pickle-error-duplicate-tensor = 이름이 `{ $entry }`인 항목이 둘입니다
    .hint = { pickle-error-damaged.hint }
pickle-error-ends-early = data.pkl이 명령 도중에 끝납니다({ $at }바이트)
    .hint = { pickle-error-damaged.hint }
pickle-error-legacy = PyTorch 1.6 이전의 방식으로 저장된 파일입니다(zip이 아님)
    .hint = PyTorch 1.6 이상에서 불러와 state dict를 `torch.save`로 다시 저장하거나, `save_pretrained`로 safetensors를 쓰세요
pickle-error-nested = 가중치가 `{ $key }` 안에 들어 있습니다. 그 옆에 있는 것: { LIST($beside, shown: 4) }
    .hint = 가중치 딕셔너리만 저장하거나, `save_pretrained`로 safetensors를 쓰세요
pickle-error-no-pickle = 텐서의 이름을 담은 data.pkl이 파일 안에 없습니다
    .hint = { pickle-error-damaged.hint }
pickle-error-no-storage = { $tensor }의 값을 담은 { $entry } 항목이 파일 안에 없습니다
    .hint = { pickle-error-damaged.hint }
pickle-error-not-a-state-dict = state dict(텐서의 딕셔너리)가 아닙니다. 들어 있는 것: { $found }
    .hint = { pickle-error-torch-script.hint }
pickle-error-not-a-tensor = `{ $entry }` 항목에 텐서가 아닌 것이 들어 있습니다: { $found }
    .hint = { pickle-error-nested.hint }
pickle-error-not-an-archive = PyTorch로 저장한 파일이 아닙니다({ $problem })
    .hint = { pickle-error-damaged.hint }
pickle-error-outside-file = { $entry }({ BYTES($byte-count) })의 끝이 파일의 끝을 넘습니다
    .hint = { pickle-error-damaged.hint }
pickle-error-packed = { $entry } 항목이 파일 안에서 압축되었거나 암호화되어 있습니다
    .hint = `torch.save`는 압축하지 않습니다. state dict를 `torch.save`로 다시 저장하세요
pickle-error-pickle-too-long = data.pkl이 { BYTES($byte-count) }로, 어떤 state dict에도 필요 없을 만큼 큽니다
    .hint = { pickle-error-damaged.hint }
pickle-error-strided-integers = `{ $entry }` 텐서는 값이 이어져 있지 않은 뷰인데, 자료형이 { $dtype }이라 수로 읽을 수 없습니다
    .hint = { pickle-error-legacy.hint }
pickle-error-torch-script = state dict가 아니라 프로그램까지 담은 TorchScript 파일입니다
    .hint = 만든 곳에서 불러와 `model.state_dict()`를 저장하세요. `save_pretrained`가 가장 좋습니다
pickle-error-unknown-opcode = data.pkl의 { $at }바이트에 state dict에는 필요 없는 명령이 있습니다: { $opcode }
    .hint = { pickle-error-damaged.hint }

pickled-value-dictionary = 딕셔너리
pickled-value-foreign-name = 이름 { $value }
pickled-value-list = 리스트
pickled-value-none = None
pickled-value-number = 수
pickled-value-object = { $value }의 객체
pickled-value-storage = 스토리지
pickled-value-tensor = 텐서
pickled-value-text = 글
pickled-value-torch-name = PyTorch의 이름
pickled-value-truth = 참/거짓 값

plan-error-adapter = { $value }
plan-error-adapter-twice = 같은 어댑터가 두 번 들어 있습니다. 내용이 같은 것: { $adapter }
    .hint = 한 번만 넣으세요. 변화를 두 배로 하려면 세기를 2로 하세요
plan-error-bad-strength = 세기가 어댑터에 곱할 수 있는 수가 아닙니다: { $strength }
    .hint = 1은 학습한 그대로, 0.5는 그 절반을 병합합니다
plan-error-bad-tokenizer = 토크나이저 파일이 올바른 JSON이 아닙니다({ $problem })
    .hint = 토크나이저 파일을 다시 내려받으세요
plan-error-base = { $value }
plan-error-base-ships-lora = 베이스에 자체 LoRA 레이어가 있습니다({ LIST($adapters) }). Phi-4-multimodal처럼 입력 종류에 따라 쓰는 레이어입니다
    .hint = 이 레이어를 아는 모델 자신의 클래스에서 PEFT로 병합하세요. Phi-4-multimodal은 LoRA를 따로 둔 transformers용 베이스(리비전 refs/pr/70)도 있습니다
plan-error-disk-full = 디스크 공간이 모자랍니다. { BYTES($needed) }가 필요한데 { BYTES($free) }만 비어 있습니다
    .hint = { merge-error-disk-full.hint }
    .cli-hint = { merge-error-disk-full.cli-hint }
plan-error-does-not-fit = 어댑터가 베이스와 맞지 않습니다. { $mismatch }
plan-error-io = { $value }
plan-error-no-adapter = 어댑터가 없습니다
    .hint = 어댑터 폴더를 하나 이상 고르세요
plan-error-not-writable = 여기에는 쓸 수 없습니다
    .hint = 쓸 수 있는 폴더를 고르거나 권한을 바꾸세요
plan-error-nothing-to-pack = { $class }에는 bitsandbytes가 압축하는 레이어가 없습니다
    .hint = 다시 양자화하지 않고 병합하세요. `Linear` 레이어만 압축하고 `Conv1D`와 임베딩은 그대로 둡니다
plan-error-output-exists = 출력 폴더가 이미 있고 비어 있지 않습니다
    .hint = 다른 이름을 고르거나 폴더를 직접 비우세요. 아무것도 덮어쓰지 않습니다
plan-error-output-file-exists = 같은 이름의 파일이 이미 있습니다
    .hint = 덮어쓰지 않으니 다른 이름을 쓰거나 파일을 치워 주세요
plan-error-output-has-no-name = 출력에 폴더 이름이 없습니다
    .hint = 새 폴더의 이름을 적으세요
plan-error-output-inside-input = 출력이 { $role } 폴더 안에 있습니다
    .hint = 그 폴더 밖에서 고르세요
plan-error-packed-by-chance = NF4로 압축하는 합은 먼저 확률적으로 반올림할 수 없습니다. 그 차이는 코드에서 사라집니다
    .hint = 가까운 값으로 반올림하거나, 가중치를 숫자로 쓰세요
plan-error-partial-replacement = 어댑터 { $adapter }의 { $tensor } 텐서는 통째로 바뀌므로, 세기 { $strength }에서는 병합할 수 없습니다
    .hint = 이 어댑터는 세기 1로 병합하세요
plan-error-quantized-base = 베이스가 { $method }(으)로 양자화되어 있습니다. { $method ->
        [bitnet] 세 가지 값뿐인 가중치에는 변화를 담을 자리가 없습니다
        [hqq] transformers도 더는 불러오지 못하는 형식입니다
        [eetq] 한 GPU 커널에 맞춘 바이트 순서입니다
        [aqlm] 그 가중치만을 위해 학습한 코드북을 씁니다
        [vptq] 그 가중치만을 위해 학습한 코드북을 씁니다
        [spqr] 그 가중치만을 위해 학습한 코드북을 씁니다
        [higgs] 회전한 기저에서 그 가중치만을 위해 학습한 코드북을 씁니다
        [exl2] 회전한 기저에 있습니다
        [exl3] 회전한 기저에 있습니다
       *[other] 여기서는 읽지 않는 형식입니다
    }
    .hint = 이름이 같은 16비트나 32비트 원본을 쓰세요
plan-error-rounded-away = 어댑터의 변화 가운데 { $dtype }에는 { PERCENT($rounded-gain, digits: 0) }만, 그 뒤 NF4에는 { PERCENT($gain, digits: 0) }만 남습니다. 변화 대부분이 { $dtype } 값 사이의 간격보다 작습니다
    .hint = 병합한 가중치를 압축하지 않고 32비트로 쓰면 변화가 남습니다. 아니면 손실을 받아들이세요
    .cli-hint = --requantize 대신 --dtype f32를 쓰면 변화가 남습니다. 손실을 받아들이려면 --accept-loss를 붙이세요
plan-error-too-much-lost = NF4로 압축하면 어댑터의 변화가 { PERCENT($gain, digits: 0) }만 남습니다. 변화 대부분이 코드 사이의 간격보다 작습니다
    .hint = 병합한 가중치를 16비트로 쓰면 변화가 남습니다. 아니면 손실을 받아들이세요
    .cli-hint = --requantize를 빼면 16비트로 쓰고 변화가 남습니다. 손실을 받아들이려면 --accept-loss를 붙이세요
plan-error-trained = { $value }
plan-error-undecided-layers = { $class }의 행렬 { COUNT($tensors-count) }개는 bitsandbytes가 압축하는지 알 수 없습니다: { LIST($tensors, shown: 3) }
    .hint = 다시 양자화하지 않고 병합한 뒤, transformers가 불러올 때 압축하게 하세요
plan-error-unmerged-base = 베이스에 병합하지 않은 어댑터 레이어가 남아 있습니다(텐서 { COUNT($tensors-count) }개: { LIST($tensors, shown: 3) })
    .hint = 그 레이어를 PEFT의 `merge_and_unload`로 먼저 병합하거나, 그 학습 전의 베이스를 고르세요

problem-check-cancelled = 검사가 끝나기 전에 멈췄습니다
problem-misfit = 이 어댑터는 이 베이스와 맞지 않습니다. { $placed ->
        [0] 텐서 { $total }개가 모두 자리를 찾지 못했습니다
       *[other] 텐서 { $total }개 중 { $misfit }개가 자리를 찾지 못했습니다
    }
problem-no-picture = 창의 그림을 받지 못했습니다
problem-png-failed = 그림을 PNG로 쓰지 못했습니다({ $said })
problem-worker-lost = 작업이 이유 없이 멈췄습니다. 알려 주세요.

refusal-reason-across-groups = 행렬이 여러 그룹에 걸쳐 있어 베이스의 가중치에 담을 자리가 없습니다
refusal-reason-approximated-base = 양자화로 어림한 베이스에서 학습을 시작했습니다
refusal-reason-calibrated-base = 보정용 글에 맞춰 바꾼 베이스에서 학습을 시작했습니다
refusal-reason-foreign-magnitudes = 초기화가 바꾼 베이스에서 크기(magnitude)를 쟀습니다
refusal-reason-gradient-base = 첫 기울기로 바꾼 베이스에서 학습을 시작했습니다
refusal-reason-indices-not-saved = 어떤 값이 어디로 가는지 알려 주는 인덱스가 파일에 없습니다
refusal-reason-input-dependent = 효과가 입력에 따라 달라집니다
refusal-reason-module-order = 어떤 벡터가 어떤 모듈의 것인지는 모델의 모듈 순서로 정해지는데, 그 순서가 파일에 없습니다
refusal-reason-needs-decomposition = 베이스의 특이 벡터를 바꾸는데, 이 프로그램은 그 분해를 계산하지 않습니다
refusal-reason-needs-joint-decomposition = 베이스를 분해해 가중치 전체를 다시 만드는데, 이 프로그램은 그 분해를 계산하지 않습니다
refusal-reason-no-such-factor = mlx-lm 0.32의 어느 레이어에도 없는 행렬입니다
refusal-reason-not-in-peft = PEFT 0.21까지 어느 버전에도 없습니다
refusal-reason-old-blocks = 블록을 저장하고 조합하는 방식이 달라, 지금의 PEFT도 읽지 못합니다
refusal-reason-own-keys-and-scale = 키 이름과 배율이 고유합니다
refusal-reason-own-scales = 배율과 함께 읽어야 값이 되는데, 그 배치를 알 수 없습니다
refusal-reason-projection-not-saved = PyTorch의 난수로 뽑은 투영 행렬이 파일에 없습니다(save_projection이 false였습니다)
refusal-reason-prompt-dependent = 효과가 프롬프트에 따라 달라집니다
refusal-reason-prompts = 학습한 벡터를 입력이나 어텐션 캐시에 더하는 방식이라 담을 가중치가 없습니다
refusal-reason-repeated-layers = 레이어를 되풀이해 더 깊은 모델을 만듭니다
refusal-reason-routed-inputs = 입력마다 행렬을 다르게 섞습니다
refusal-reason-routed-tasks = 과제마다 LoRA를 다르게 섞습니다
refusal-reason-rows-behind-vocabulary = 그 행들은 베이스의 어휘 뒤에 놓이며, vLLM만 그렇게 읽었습니다
refusal-reason-safetensors-since2024 = mlx-lm은 2024년부터 safetensors로 저장합니다
refusal-reason-second-network = 베이스 옆에서 또 다른 신경망을 함께 돌립니다
refusal-reason-singular-values = 베이스의 가장 작은 특잇값 성분을 버리는데, 이 프로그램은 그 분해를 계산하지 않습니다
refusal-reason-unknown-function = 그런 이름의 함수를 이 프로그램은 모릅니다
refusal-reason-unsaved-clusters = 블록마다 어떤 출력이 속하는지를 군집화로 정했는데, 그 결과가 파일에 없습니다
refusal-reason-unsaved-signs = 베이스의 특이 벡터를 회전하는데, 벡터의 부호는 계산한 라이브러리에 따라 다르고 파일에 없습니다
refusal-reason-weighed-per-token = 토큰마다 여러 LoRA의 비중을 새로 정합니다
refusal-reason-whole-weights = 파일에 저랭크 행렬이 아니라 가중치 전체가 들어 있습니다
refusal-reason-without-largest-components = 가장 큰 특잇값 성분을 뺀 베이스에서 학습을 시작했습니다

sample-missing = 내장 샘플을 찾지 못했습니다(찾아본 곳: { LIST($looked) })
    .hint = LORAFUSE_ASSETS에 저장소의 `assets` 폴더를 지정하거나 프로그램을 다시 설치하세요

text-fault-lfs-pointer = 파일 자체가 아니라 Git LFS 포인터입니다
    .hint = { foreign-format-lfs-pointer.hint }
text-fault-not-utf16 = UTF-16처럼 시작하지만 UTF-16이 아닙니다
    .hint = 직접 고친 파일이면 UTF-8로 저장하고, 아니면 이 파일을 다시 내려받으세요
text-fault-not-utf8 = { $valid-byte-count }바이트부터 UTF-8이 아닙니다
    .hint = 직접 고친 파일이면 UTF-8로 저장하고, 아니면 이 파일을 다시 내려받으세요
text-fault-too-long = 파일이 { BYTES($byte-count) }인데 { BYTES($limit) }까지만 읽습니다
    .hint = 맞는 파일인지 확인하세요. 긴 글이라면 일부만 고르세요

trained-error-already-packed = 베이스가 이미 압축되어 있어({ $method }) 학습할 때처럼 다시 양자화할 것이 없습니다
    .hint = 이 베이스에 그대로 병합하거나, 16비트 원본을 학습할 때처럼 양자화해서 병합하세요
trained-error-experts = transformers 4는 { $parameter }의 전문가를 하나씩 양자화하고 transformers 5는 그대로 두는데, 어댑터를 어느 쪽으로 학습했는지는 어느 파일에도 없습니다
    .hint = { trained-error-own-kind.hint }
trained-error-nothing-packed = { $class ->
        [none] 이 모델
       *[other] { $class }
    }에는 bitsandbytes가 양자화하는 가중치가 없습니다
    .hint = 베이스에 그대로 병합하세요
trained-error-other-dtype = { $tensor }의 자료형이 { $dtype }입니다. 학습할 때는 16비트 가중치를 양자화하는데, 이 베이스를 먼저 어떤 16비트로 반올림했는지는 어느 파일에도 없습니다
    .hint = 학습에 쓴 자료형으로 베이스를 변환해서 그 베이스에 병합하세요
trained-error-own-kind = { $tensor }의 계층은 Linear를 바꾼 클래스입니다. transformers 4는 이를 양자화하고 transformers 5는 하지 않는데, 어댑터를 어느 쪽으로 학습했는지는 어느 파일에도 없습니다
    .hint = 학습에 쓴 라이브러리가 양자화해서 저장한 베이스를 넣으세요
trained-error-unknown-tensor = bitsandbytes가 { $class ->
        [none] 클래스 이름이 없는 모델
       *[other] { $class }
    }의 { $tensor }을(를) 양자화하는지 알 수 없습니다
    .hint = { trained-error-own-kind.hint }

unknown-dtype = 알 수 없는 자료형입니다(`{ $name }`)

verify-error-adapter = 어댑터를 쓸 수 없습니다: { $value }
verify-error-adapter-without-base = 어댑터는 베이스가 있어야 검사할 수 있습니다
    .hint = 베이스도 고르세요
    .cli-hint = `--base`로 베이스도 고르세요
verify-error-base = 베이스를 쓸 수 없습니다: { $value }
verify-error-cancelled = { $value }
verify-error-child-failed = 폴더를 따로 불러오는 프로세스가 실패했습니다({ $said })
verify-error-does-not-fit = 어댑터와 베이스가 서로 맞지 않아 견줄 것이 없습니다. { $misplaced ->
        [none] 어댑터의 텐서가 하나도 자리를 찾지 못했습니다
       *[other] { $misplaced }
    }
    .hint = 이 병합에 쓴 베이스와 어댑터를 고르세요
verify-error-expected = 파일에 있어야 할 내용을 비교할 수 없습니다: { $value }
verify-error-gguf-file = { $value }
verify-error-gguf-without-base = GGUF 파일은 베이스와 비교해 판정하는데 베이스가 없습니다
    .hint = --base로 베이스를, --adapter로 어댑터를 적으세요
verify-error-io = { $value }
verify-error-merged = 병합 폴더를 읽을 수 없습니다: { $value }
verify-error-packed-base = 베이스가 { $method }(으)로 양자화되어 있습니다. 여기서는 읽지 않는 형식이라 비교할 수 없습니다
    .hint = 이름이 같은 16비트나 32비트 원본을 주세요
verify-error-seal = 봉인을 검사할 수 없습니다: { $value }
verify-error-trained = { $value }
verify-error-unknown-file-type = 파일의 general.file_type이 여기서 쓰는 형식이 아닙니다
    .hint = 다른 형식의 파일과 중요도 행렬로 만든 파일은 아직 판정하지 않습니다
verify-error-unpredictable = 병합 폴더가 아무것도 예측하지 못합니다: { $value }

way-out-build-deeper-base = 더 깊은 베이스를 먼저 만들고 거기에 병합하세요
way-out-fuse-or-convert = mlx-lm의 `fuse`로 합치거나 PEFT 형식으로 바꾸세요
way-out-fuse-whole-model = mlx-lm의 `fuse`로 이 가중치를 넣은 모델 전체를 저장하세요
way-out-fuse-with-own-version = 어댑터를 만든 버전의 mlx-lm에서 `fuse`로 합치세요
way-out-keep-as-adapter = 실행할 때 어댑터로 불러 쓰세요. 병합한 형태가 없습니다
way-out-merge-or-convert = PEFT의 `merge_and_unload`로 병합하거나 `convert_to_lora`로 LoRA로 바꾸세요
way-out-merge-with-own-library = 학습에 쓴 라이브러리로 병합하세요
way-out-merge-with-peft = PEFT의 `merge_and_unload`로 병합하세요
way-out-merge-with-peft015 = PEFT 0.15의 `merge_and_unload`로 병합하세요
way-out-save-as-plain-lora = PEFT에서 `path_initial_model_for_weight_conversion`을 주고 다시 저장하면 보통의 LoRA가 됩니다
way-out-save-as-safetensors = 새 mlx-lm에서 불러와 adapters.safetensors로 다시 저장하세요
way-out-save-in-float = 양자화하지 말고 float16, bfloat16이나 float32로 어댑터를 저장하세요
way-out-save-resized = transformers에서 베이스의 임베딩을 늘려 이 행들을 끝에 넣고, 그 모델을 베이스로 저장하세요. 그런 다음 파일을 어댑터 폴더에서 빼세요
