# What the program says. A language is one file like this one, with the same ids, attributes and variables, named in
# src/message/language.rs. Functions and what they make: src/message/functions.rs.

lines-more = and { $more } more
list-more = { $shown } and { $more } more

## Window

current-alone = loading the folder in a process of its own
current-layer = { $model }: layer { $number } of { $count }
current-named = { $value }
current-output-heads = output heads
rough-duration-hours = { $minutes ->
    [0] { $hours } h
   *[other] { $hours } h { $minutes } min
}
rough-duration-minutes = { $value } min
rough-duration-seconds = { $value } s

## Findings

## Errors
