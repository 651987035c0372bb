"""The prompt of APPS: two solved problems, then the one to solve.

The form is that of Code Llama (Rozière et al., 2023), whose authors wrote the paper's harness too. Neither paper names
its two problems; those here are ours, one pair for each kind, so that no test problem stands solved in a prompt.
"""

ASK = (
    "Q: Write a python code to solve the following coding problem that obeys the constraints and passes the example "
    "test cases. The output code needs to {guide}. Please wrap your code answer using ```:\n{problem}\nA:\n```python\n"
)
STDIO_GUIDE = "read from and write to standard IO"
CALL_GUIDE = "use the provided function signature"

STDIO = (
    (
        """\
A shop sells $n$ kinds of tea. A box of the $i$-th kind costs $a_i$ coins. You have $m$ coins and buy at most one box \
of each kind. How many boxes can you buy?


-----Input-----

The first line contains two integers $n$ and $m$ ($1 \\le n \\le 10^5$, $0 \\le m \\le 10^9$). The second line \
contains $n$ integers $a_1, \\dots, a_n$ ($1 \\le a_i \\le 10^6$).


-----Output-----

Print one integer: the largest number of boxes.


-----Example-----
Input
4 10
5 2 9 3

Output
3""",
        """\
n, m = map(int, input().split())
prices = sorted(map(int, input().split()))
bought = 0
for price in prices:
    if price > m:
        break
    m -= price
    bought += 1
print(bought)
""",
    ),
    (
        """\
For each of several words say whether it can be made a palindrome by removing at most one letter.


-----Input-----

The first line contains the number of words $t$ ($1 \\le t \\le 100$). Each of the next $t$ lines contains one word of \
at most $1000$ lowercase letters.


-----Output-----

For each word print "YES" or "NO" on a line of its own.


-----Example-----
Input
3
level
abca
code

Output
YES
YES
NO""",
        """\
import sys


def palindrome(word):
    return word == word[::-1]


def solve(word):
    for i in range(len(word) // 2):
        j = len(word) - 1 - i
        if word[i] != word[j]:
            return palindrome(word[i:j]) or palindrome(word[i + 1 : j + 1])
    return True


words = sys.stdin.read().split()[1:]
for word in words:
    print("YES" if solve(word) else "NO")
""",
    ),
)
CALL = (
    (
        """\
Given a list of numbers and a number k, return the largest sum of k numbers that stand side by side in the list.

Example:
Input: numbers = [4, 1, 7, 2], k = 2
Output: 9

def largest_sum(numbers, k):
\t""",
        """\
def largest_sum(numbers, k):
    total = best = sum(numbers[:k])
    for i in range(k, len(numbers)):
        total += numbers[i] - numbers[i - k]
        best = max(best, total)
    return best
""",
    ),
    (
        """\
Given a string s, return the first letter that occurs in it twice in a row, or an empty string if there is none.

Example:
Input: s = "balloon"
Output: "l"

class Solution:
    def firstDouble(self, s: str) -> str:
        """,
        """\
class Solution:
    def firstDouble(self, s: str) -> str:
        for one, other in zip(s, s[1:]):
            if one == other:
                return one
        return ""
""",
    ),
)


def prompt(question: str, starter: str, call: bool) -> str:
    """The text that a model continues with its program.

    Args:
        question: the problem's statement.
        starter: its starter code, or "".
        call: whether a function is asked for, rather than a program that reads standard input.
    """
    guide, shots = (CALL_GUIDE, CALL) if call else (STDIO_GUIDE, STDIO)
    solved = "".join(f"{ASK.format(guide=guide, problem=asked.strip())}{code}```\n\n" for asked, code in shots)
    problem = f"{question.strip()}\n{starter.rstrip()}" if starter.strip() else question.strip()
    return solved + ASK.format(guide=guide, problem=problem)
