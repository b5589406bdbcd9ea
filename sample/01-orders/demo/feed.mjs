/**
 * Posts every line as it stands, at most `concurrency` at once, and gives the answers in the order of
 * the lines. `onAnswer` hears of each as it comes.
 */
export async function feed({ api, lines, concurrency, onAnswer }) {
  const answers = [];
  const queue = lines.entries();
  const post = async () => {
    for (const [index, line] of queue) {
      const response = await fetch(`${api}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: line,
      });
      answers[index] = { line, status: response.status, ...(await response.json()) };
      onAnswer(answers[index]);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, post));
  return answers;
}
