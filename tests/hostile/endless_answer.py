# failed error memory timeout
# an answer that holds itself
def add(a, b):
    answer = []
    answer.append(answer)
    return answer
