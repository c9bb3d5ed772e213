// keyd is killed in the middle of making a key, at every place where it or SoftHSM changes a file; the next
// one starts by itself, has every key that was ever answered, and offers the last one whole or not at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>
#include <iostream>
#include <set>

#include "firmware/base/check.h"
#include "tests/integration/keyd_fixture.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr int kKeysPerToken = 40;  // keyd holds at most 64

/// A keyd that is killed again and again, and what it has promised.
class Victim {
 public:
  /// One key is made, and the n-th call of `call` since the start kills. False: there are no n of them.
  bool survives_kill_at(const std::string& call, int n) {
    const std::string name = std::format("key-{}", ++made_);
    const bool killed = make_and_kill(name, call, n);
    if (!keyd_.start()) {
      ADD_FAILURE() << "it does not start: " << keyd_.log();
      return false;
    }
    expect_promises_kept(name);
    keyd_.kill();
    return killed;
  }
  [[nodiscard]] bool is_full() const { return made_ == kKeysPerToken; }

 private:
  /// True: the call came, and it is dead.
  bool make_and_kill(const std::string& name, const std::string& call, int n) {
    const bool started =
        keyd_.start({"/usr/bin/strace", "-f", "-qq", "--kill-on-exit", "-o", "/dev/null", "-e",
                     "trace=" + call, "-e", std::format("inject={}:signal=KILL:when={}", call, n)});
    if (!started) return true;
    hsm::Client client(keyd_.socket());
    const auto key = client.generate(name, hsm::KeyRole::kCjsmIdentity, hsm::KeyType::kEcP256);
    if (key) promised_.insert(name);
    const bool killed = !key;
    keyd_.kill();  // strace, and keyd with it
    return killed;
  }

  void expect_promises_kept(const std::string& last) {
    hsm::Client client(keyd_.socket());
    const auto keys = client.list_keys();
    ASSERT_TRUE(keys) << keys.error().message;
    std::set<std::string> offered;
    for (const auto& key : *keys) offered.insert(key.name);
    EXPECT_THAT(keyd_.log(), Not(HasSubstr("key-not-offered")));
    for (const std::string& name : promised_) EXPECT_TRUE(offered.contains(name)) << name;
    if (!offered.contains(last)) {
      const auto again = client.generate(last, hsm::KeyRole::kCjsmIdentity, hsm::KeyType::kEcP256);
      EXPECT_TRUE(again) << again.error().message;
    }
    promised_.insert(last);
    // What is offered has signed its self-test at the start; that it signs for a caller is one more thing.
    const auto signature = as_user(kGatewayUid, [&] {
      hsm::Client gateway(keyd_.socket());
      return gateway.sign_tls13(last, certificate_verify("client"));
    });
    EXPECT_TRUE(signature) << signature.error().message;
  }

  TestKeyd keyd_{{.start = false}};
  std::set<std::string> promised_;
  int made_ = 0;
};

class Sweep {
 public:
  /// Kills at each `every`-th call until there are no more of them; how often it killed.
  int over(const std::string& call, int every) {
    int kills = 0;
    for (int n = every; !testing::Test::HasFailure(); n += every) {
      SCOPED_TRACE(std::format("killed at {} number {}", call, n));
      if (!victim_ || victim_->is_full()) victim_ = std::make_unique<Victim>();
      if (!victim_->survives_kill_at(call, n)) break;
      ++kills;
    }
    return kills;
  }

 private:
  std::unique_ptr<Victim> victim_;
};

TEST(KeydKill, WhileAKeyIsMadeLosesNothingAndNeedsNobody) {
  Sweep sweep;
  EXPECT_GE(sweep.over("ftruncate", 30), 1);
  EXPECT_GE(sweep.over("fsync", 20), 1);
  EXPECT_GE(sweep.over("pwrite64", 7), 1);
}

/// Each call of a start and of making a key, of one kind: minutes.
class KeydKillEach : public testing::TestWithParam<std::string> {};

TEST_P(KeydKillEach, DISABLED_CallWhileAKeyIsMade) {
  Sweep sweep;
  const int kills = sweep.over(GetParam(), 1);
  EXPECT_GE(kills, 1) << "no such call is made";
  std::cout << "killed at each of " << kills << " calls of " << GetParam() << std::endl;
}

INSTANTIATE_TEST_SUITE_P(, KeydKillEach,
                         testing::Values("ftruncate", "unlink", "openat", "fsync", "fdatasync", "write",
                                         "pwrite64"),
                         [](const auto& call) { return call.param; });

}  // namespace
}  // namespace privyseal::test
