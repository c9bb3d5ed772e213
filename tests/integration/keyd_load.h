/// The gateway's signatures without a pause, from many threads, while a test breaks the token.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "firmware/base/guarded.h"
#include "hsm/client.h"
#include "tests/integration/keyd_fixture.h"
#include "tests/support/token.h"

namespace privyseal::test {

class SigningLoad {
 public:
  using Clock = std::chrono::steady_clock;

  SigningLoad(const TestKeyd& keyd, std::string key, int threads) : key_(std::move(key)) {
    threads_.reserve(static_cast<std::size_t>(threads));
    for (int i = 0; i < threads; ++i)
      threads_.emplace_back([this, socket = keyd.socket()] { as_user(kGatewayUid, [&] { sign(socket); }); });
  }
  ~SigningLoad() { stop(); }
  SigningLoad(const SigningLoad&) = delete;
  SigningLoad& operator=(const SigningLoad&) = delete;

  void stop() {
    is_stopping_ = true;
    threads_.clear();  // joins
  }
  [[nodiscard]] std::uint64_t made() const { return made_; }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }
  /// True: so many more signatures were made.
  [[nodiscard]] bool goes_on(std::uint64_t more = 40) {
    const std::uint64_t wanted = made_ + more;
    return wait_until([&] { return made_ >= wanted; }, kPatience);
  }
  [[nodiscard]] bool fails(std::uint64_t more) {
    const std::uint64_t wanted = failed_ + more;
    return wait_until([&] { return failed_ >= wanted; }, kPatience);
  }
  /// Each kind of failure once.
  [[nodiscard]] std::vector<std::string> failures() {
    return failures_.with([](const auto& all) { return all; });
  }
  [[nodiscard]] std::chrono::milliseconds longest() const { return std::chrono::milliseconds(longest_ms_); }

 private:
  static constexpr std::chrono::seconds kPatience{60};

  void sign(const std::filesystem::path& socket) {
    hsm::Client client(socket, kPatience);  // so that it is keyd that ends what takes too long
    const Bytes message = certificate_verify("client");
    while (!is_stopping_) {
      const auto begin = Clock::now();
      const auto signature = client.sign_tls13(key_, message);
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
      std::int64_t longest = longest_ms_;
      while (took > longest && !longest_ms_.compare_exchange_weak(longest, took)) {
      }
      if (signature)
        ++made_;
      else
        note(signature.error());
    }
  }
  void note(const Error& error) {
    ++failed_;
    failures_.with([&](auto& all) {
      const std::string text = std::string(to_string(error.code)) + ": " + error.message;
      if (!std::ranges::contains(all, text)) all.push_back(text);
    });
  }

  const std::string key_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> made_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::int64_t> longest_ms_{0};
  Guarded<std::vector<std::string>> failures_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace privyseal::test
