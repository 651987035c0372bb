# failed error
# an answer nested 100,000 deep
def add(a, b):
    answer = []
    for _ in range(100_000):
        answer = [answer]
    return answer
