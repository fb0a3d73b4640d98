# 프로그램이 하는 말. en.ftl과 id, 속성, 변수가 같다.

lines-more = 외 { $more }개
list-more = { $shown } 외 { $more }개

## Window

current-alone = 따로 띄운 프로세스에서 폴더를 불러오는 중
current-layer = { $model }: 레이어 { $count }개 중 { $number }번째
current-named = { $value }
current-output-heads = 출력 헤드
rough-duration-hours = { $minutes ->
    [0] { $hours }시간
   *[other] { $hours }시간 { $minutes }분
}
rough-duration-minutes = { $value }분
rough-duration-seconds = { $value }초

## Findings

## Errors
