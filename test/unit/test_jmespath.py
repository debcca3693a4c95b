#!/usr/bin/env python3
"""Our JMESPath beside jmespath.py, which the AWS CLI uses: the same answers and
the same words about mistakes, for expressions people write and for a few
thousand that are put together by chance, always the same ones."""
import json
import random
import subprocess
import sys

sys.path.insert(0, "/usr/lib/python3/dist-packages")
try:
    import jmespath
    from jmespath import exceptions
except ImportError:
    sys.exit(77)
if not jmespath.__version__.startswith(("1.0.", "1.1.")):
    sys.exit(77)  # Others may word it otherwise.

INSTANCES = {
    "Reservations": [
        {"Id": "r-1", "Instances": [
            {"InstanceId": "i-1", "State": {"Name": "running", "Code": 16},
             "Tags": [{"Key": "Name", "Value": "web"},
                      {"Key": "env", "Value": "dev"}], "Cost": 1.5},
            {"InstanceId": "i-2", "State": {"Name": "stopped", "Code": 80},
             "Tags": [], "Cost": 3}]},
        {"Id": "r-2", "Instances": [
            {"InstanceId": "i-3", "State": {"Name": "running", "Code": 16},
             "Tags": [{"Key": "Name", "Value": "dbü"}], "Cost": None}]}],
    "Count": 3, "Empty": [], "None": None, "Nothing": "", "Flag": True,
    "Zero": 0, "with space": {"a": [1, 2, 3, 4, 5]},
    "Nested": [[1, 2], [3, [4]], 5, []],
    "Numbers": [3, 1, 2, 2.5, -7], "Words": ["b", "a", "ü", "ab"],
}

WRITTEN = r"""
Reservations[].Instances[].InstanceId
Reservations[*].Instances[*].InstanceId
Reservations[0].Instances[0]
Reservations[0].Instances[-1].State.Name
Reservations[].Instances[?State.Name=='running'].InstanceId
Reservations[].Instances[?State.Name=='running'].InstanceId | [0]
Reservations[].Instances[?State.Name=='running'][].InstanceId
Reservations[].Instances[].[InstanceId, State.Name]
Reservations[].Instances[].{id: InstanceId, "the state": State.Name}
Reservations[].Instances[].Tags[?Key=='Name'].Value
Reservations[].Instances[].Tags[?Key=='Name'].Value | []
Reservations[].Instances[] | [?contains(InstanceId, '1')]
Reservations[].Instances[?not_null(Cost)].Cost
Reservations[*].Instances[*].Tags[*].Value[]
Reservations[].Instances[].Tags[].Value | sort(@)
sort_by(Reservations[].Instances[], &InstanceId)[-1].InstanceId
sort_by(Reservations[].Instances[], &State.Name)[].InstanceId
reverse(sort_by(Reservations[].Instances[], &State.Code))[].InstanceId
max_by(Reservations[].Instances[], &State.Code).InstanceId
min_by(Reservations[].Instances[], &State.Code).InstanceId
sort_by(Reservations[].Instances[], &Cost)
max_by(Reservations[].Instances[], &Cost)
sort_by(Empty, &x)
sort_by(Reservations, &Instances)
min_by(Empty, &x)
max_by(Nested, &@)
max_by(Reservations[].Instances[], &not_null(Cost, State.Name))
length(Reservations[].Instances[])
length(Reservations)
length('dbü')
length(@)
length(Count)
length(Flag)
length(None)
length(`1.0`)
length(`{"a":[1,"x'y"]}`.a[1])
join(', ', Words)
join(', ', Numbers)
join(Count, Words)
keys(Reservations[0].Instances[0].State)
values(Reservations[0].Instances[0].State)
keys(Count)
starts_with(Words[0], 'b')
ends_with('web-1', '-1')
starts_with(Count, 'b')
contains(Words, 'a')
contains('foobar', 'oba')
contains('foobar', Count)
contains(Numbers, `1`)
contains(Numbers, `"1"`)
contains(Nested, `[1,2]`)
to_string(@)
to_string(Nested)
to_string(Words)
to_string(`1.5`)
to_number('12')
to_number(' 12 ')
to_number('+7')
to_number('-1.5e3')
to_number('twelve')
to_number(Count)
to_number(Flag)
to_number(Words)
to_array(Count)
to_array(Words)
type(Count)
type(@)
type(None)
type(Flag)
type('a')
type(Words)
not_null(None, Missing, Count)
not_null(None)
abs(`-3`)
abs(`-3.5`)
ceil(`1.2`)
floor(`-1.2`)
floor(`7`)
sum(Numbers)
avg(Numbers)
avg(Empty)
sum(Empty)
sum(Words)
max(Numbers)
max(Words)
min(Numbers)
min(Empty)
max(Nested)
max(`[1, "a"]`)
max(`["a", 1]`)
sort(Numbers)
sort(Words)
sort(`[true]`)
sort(Count)
reverse(Words)
reverse('abü')
map(&InstanceId, Reservations[].Instances[])
map(&Missing, Reservations)
map(InstanceId, Reservations)
merge(`{"a": 1}`, `{"a": 2, "b": 3}`)
merge(`{}`)
merge()
merge(Count)
sum()
sum(Numbers, Numbers)
nosuch(@)
not_null()
sort(&a)
&a
*.Id
Reservations[0].*
Reservations[*].*
Reservations[0].Instances[0].*.Name
*
*[]
[*]
[]
[0]
Numbers[1:3]
Numbers[::-1]
Numbers[::2]
Numbers[-2:]
Numbers[:-2]
Numbers[10:]
Numbers[3:1]
Numbers[3:0:-1]
Numbers[-100:100]
Numbers[100:-100:-1]
Numbers[9223372036854775807::9223372036854775807]
Numbers[::0]
Count[::1]
Nested[0][0:1]
Nested[0:2][0]
Nested[0:2].x
Nested[]
Nested[][]
Nested[][][]
Nested[*][0]
Nested[?@]
Nested[0][0:1].x
Reservations[0].Instances[0:1].InstanceId
Reservations[0].Instances[0].Tags[0:1].Key
"with space".a
"with space".a[2]
"with \"quote"
"with space"(@)
"bad \x escape"
Count == `3`
Count == `3.0`
Count != `3`
Count > `2`
Count >= `3`
Count < `2.5`
Count <= Words
'a' < 'b'
'a' < `1`
`1` >= 'a'
`1.5` < 'a'
Flag == `true`
Flag == `1`
Zero == `false`
!Zero
!Empty
!Nothing
!Flag
!Missing
!!Count
Zero || 'other'
Nothing || 'other'
Empty || None || 'last'
Count && Flag
Nothing && Flag
(Count || Flag) && Zero
Count || Flag && Nothing
Reservations[?Id=='r-1' || Id=='r-2'].Id
Reservations[?Id=='r-1' && Instances].Id
Reservations[?!(Id=='r-1')].Id
Reservations[?Id!='r-1'].[Id]
Numbers[?@ > `1`]
Numbers[?@ > `1`] | length(@)
Reservations[?Instances[?InstanceId=='i-3']].Id
Reservations[?length(Instances) > `1`].Id
Reservations[?Id==`r-1`]
Reservations[?Id==`"r-1"`]
'it\'s'
'a\\b'
`[1, 2, {"a": null}]`
`"ü"`
`"\u00fc"`
`plain`
`bad "quotes`
`a\`b`
``
`1
'open
"open
foo[
foo[0
foo[?
foo[?a
foo[?a==
foo.
foo.[
foo.{
foo.{a
foo.{a:
foo.{a: b
foo.{a: b c: d}
foo.{a: b,}
foo.{"a": b}
foo.{'a': b}
foo.{1: b}
foo.1
foo.'a'
foo.`1`
foo.(a)
foo[a]
foo[*
foo[*].
foo[1:2:3:4]
foo[1:a]
foo[1 2]
foo[-]
foo[--1]
foo bar
foo "bar"
foo!
foo *
foo {
foo,
foo)
foo]
foo(
foo(a
foo(a,
(foo
()
)
]
}
,
:
.
.foo
foo..bar
||
a ||
|| a
a | 
| a
a = b
=
a =
a == 
-
- 1
-1
1
#
a # b
ü
aü
a.b.c.d
a[0][1][2]
a[].b[].c
@
@.Count
@[0]
@()
a()
1()
'a'()
a.b(c)
a[0](b)
&
&a.b
!
!a.b
a !b
a[?b]c
a[?b]*
a[]b
a[]*
a[*]b
*b
*.*
*.*.*
**
a.*
a.*.b
a.**
a.*[0]
a[*][*]
a[*][]
a[][0]
a[?b][]
a[?b][0]
a[?b].c
a[?b][?c]
[?a]
[?a].b
[?*]
{a: b}
{a: b, c: d}
{a: b}.a
[a, b]
[a, b][0]
[a b]
[a,]
[*, *]
[*.a]
[* ,a]
[Count, Flag, None]
{a: Count, b: None, c: [Flag]}
None.[a]
None.{a: b}
[None, None] | [0]
Reservations[].None
Reservations[].[None]
""", r"""
a
b
	Count
Count || 
	Flag
foo[

"""


def cases():
    """Every expression, first those written by hand."""
    for line in WRITTEN[0].split("\n"):
        yield line
    for block in WRITTEN[1].split("\n\n"):
        yield block
    yield "a." * 150 + "a"
    yield "(" * 100 + "Count" + ")" * 100
    yield "!" * 50 + "Count"
    yield " || ".join(["None"] * 100)
    chance = random.Random(1)
    pieces = ["Reservations", "Instances", "InstanceId", "State", "Name",
              "Count", "Numbers", "Nested", "Words", "Tags", ".", ".", ".",
              "[]", "[]", "[*]", "[0]", "[-1]", "[1:]", "[::-1]", "[", "]",
              "[?", "|", "|", "||", "&&", "!", "==", "!=", "<", ">=", "*",
              "@", "(", ")", "{", "}", "a:", ",", "&", "length(", "sort(",
              "keys(", "to_string(", "`1`", "`[1,[2]]`", "'a'", " ", "1",
              "[Count, Flag]", "{x: Name, y: @}", "[?@]", "sort_by(",
              "&InstanceId)", "map(&", "type(", "max(", "not_null(", ":"]
    for _ in range(6000):
        yield "".join(chance.choice(pieces)
                      for _ in range(chance.randint(1, 9)))
    # And such as are more often right: a beginning, then what may follow.
    begin = ["Reservations", "Reservations[]", "Numbers", "Nested", "Words",
             "@", "*", "Reservations[0].Instances", "`[[1,2],[3]]`", "Count"]
    follow = [".Instances", ".State", ".Name", ".*", "[]", "[*]", "[0]",
              "[-1]", "[1:]", "[::-1]", "[?@]", "[?State]", "[?!@]",
              " | [0]", " | @", " || Count", " && Words", " == Words",
              ".{x: @, y: Count}", ".[InstanceId, State.Name]",
              " | length(@)", " | type(@)", " | to_string(@)", " | [0:2]",
              " | keys(@)", " | sort(@)", " | max(@)", " | to_array(@)",
              "[?InstanceId > 'i-1']", ".not_null(Id, Count)", " < `2`",
              " | map(&[0], @)", " | reverse(@)", " | values(@)"]
    for _ in range(6000):
        yield chance.choice(begin) + "".join(
            chance.choice(follow) for _ in range(chance.randint(1, 6)))


def reference(expression):
    """What jmespath.py says, as our program would put it."""
    try:
        compiled = jmespath.compile(expression)
    except RecursionError:
        return None
    except Exception as e:
        return {"bad": str(e)}
    try:
        result = compiled.search(INSTANCES)
        return {"is": json.loads(json.dumps(result))}
    except exceptions.JMESPathError as e:
        return {"failed": str(e)}
    except (TypeError, ValueError) as e:
        return {"failed": str(e)}


def same(ours, theirs):
    """Equal; but what Python's own accidents say is only an error to us."""
    if theirs is None or ours == theirs:
        return True
    refused = ours.get("failed", "")
    if "after '&'" in refused or "value: an expression" in refused:
        return True  # An expression is no value; Python passes it around.
    if "bad" in theirs and "token \"[" in theirs["bad"]:
        return "bad" in ours  # A literal as Python prints it
    said = theirs.get("failed", "") + theirs.get("bad", "")
    if "_Expression" in said or "string index out of range" in said \
            or "list index out of range" in said or "unhashable" in said:
        return "is" not in ours
    return False


def main():
    asked = [e for e in cases() if "\0" not in e]
    told = subprocess.run(
        [sys.argv[1]], check=True, stdout=subprocess.PIPE, text=True,
        input="".join(json.dumps([e, INSTANCES]) + "\n" for e in asked))
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert len(answers) == len(asked), (len(answers), len(asked))
    wrong = 0
    kinds = {"is": 0, "bad": 0, "failed": 0}
    for expression, ours in zip(asked, answers):
        theirs = reference(expression)
        kinds[next(iter(ours))] += 1
        if not same(ours, theirs):
            wrong += 1
            if wrong <= 15:
                print(f"{expression!r}\n  ours   {ours}\n  theirs {theirs}")
    print(f"{len(asked)} expressions, {kinds}, {wrong} different")
    assert min(kinds.values()) > 500, kinds
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
