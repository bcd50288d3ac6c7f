#include "tests/cli/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "core/base/file.h"

namespace panicle::testing {
namespace {

void redirect(const std::filesystem::path& file, int flags, int descriptor) {
  const int opened = ::open(file.c_str(), flags, 0644);
  if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(127);
}

}  // namespace

std::vector<Json> Answer::jsonLines() const {
  std::vector<Json> lines;
  std::istringstream stream(out);
  for (std::string line; std::getline(stream, line);) lines.push_back(parseJson(line, "standard output"));
  return lines;
}

Program::Program(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
                 const std::string& input)
    : out_(folder / "stdout.txt"), err_(folder / "stderr.txt") {
  const auto in = folder / "stdin.txt";
  writeAtomically(in, input);
  std::vector<std::string> words{PANICLE_CLI};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("cannot fork");
  if (process_ > 0) return;
  redirect(in, O_RDONLY, STDIN_FILENO);
  redirect(out_, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  redirect(err_, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

void Program::signal(int number) const {
  ::kill(process_, number);
}

bool Program::waitFor(const std::filesystem::path& file, const std::string& text) {
  const auto seen = [&] { return std::filesystem::exists(file) && readText(file).find(text) != std::string::npos; };
  while (!seen()) {
    ended_ = ended_ || ::waitpid(process_, &status_, WNOHANG) == process_;
    if (ended_) return seen();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

Answer Program::wait() {
  if (!ended_) ::waitpid(process_, &status_, 0);
  ended_ = true;
  return {WIFEXITED(status_) ? WEXITSTATUS(status_) : -1, readText(out_), readText(err_)};
}

Answer run(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
           const std::string& input) {
  return Program(folder, arguments, input).wait();
}

}  // namespace panicle::testing
