#include "hsm/async_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "tests/support/fake_keyd.h"
#include "tests/support/other_user.h"
#include "tests/support/temp_folder.h"

namespace privyseal::hsm {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using test::answer_to;
using test::FakeKeyd;

/// Counts how often it was woken.
class Bell {
 public:
  [[nodiscard]] Wake wake() { return {.function = ring, .argument = this}; }
  [[nodiscard]] bool rings(int times) {
    std::unique_lock lock(mutex_);
    return rung_.wait_for(lock, 20s, [&] { return times_ >= times; });
  }
  [[nodiscard]] int times() {
    const std::lock_guard lock(mutex_);
    return times_;
  }

 private:
  static int ring(void* raw) {
    auto& bell = *static_cast<Bell*>(raw);
    const std::lock_guard lock(bell.mutex_);
    ++bell.times_;
    bell.rung_.notify_all();
    return 1;
  }
  std::mutex mutex_;
  std::condition_variable rung_;
  int times_ = 0;
};

/// Signs by giving the message back.
SignatureAnswer signature_for(const Request& request) {
  return {std::get<SignTls13Request>(request.body).message};
}

FakeKeyd::Reply agreeable(const Request& request) {
  if (std::holds_alternative<HealthRequest>(request.body)) return answer_to(request, HealthAnswer{true});
  return answer_to(request, signature_for(request));
}

class AsyncClientTest : public testing::Test {
 protected:
  void fake(FakeKeyd::Behaviour behaviour) {
    keyd_.reset();
    keyd_.emplace(socket_, std::move(behaviour));
  }
  QuestionRef ask(AsyncClient& client, std::string_view message) {
    return client.sign_tls13("gateway", bytes_of(message), Hash::kOfKey, bell_.wake()).value();
  }
  /// Waits until keyd has been asked this last.
  bool heard(std::string_view message) {
    const auto is_last = [&] {
      const auto requests = keyd_->requests();
      return !requests.empty() &&
             text_of(std::get<SignTls13Request>(requests.back().body).message) == message;
    };
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (!is_last() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(1ms);
    return is_last();
  }
  ErrorCode failure_of(const QuestionRef& question) {
    const auto signature = question->signature();
    return signature ? ErrorCode::kConflict : signature.error().code;
  }

  test::TempFolder folder_;
  const std::filesystem::path socket_ = folder_ / "keyd.sock";
  Bell bell_;
  std::optional<FakeKeyd> keyd_;
  AsyncClient client_{socket_, {}};
  AsyncClient impatient_{socket_, {.deadline = 200ms}};
};

TEST_F(AsyncClientTest, AnswersThatComeInAnotherOrderFindTheirQuestions) {
  constexpr int kAsked = 64;
  fake([kept = std::make_shared<std::vector<Bytes>>()](const Request& request) -> FakeKeyd::Reply {
    kept->insert(kept->begin(), to_bytes(answer_to(request, signature_for(request))));
    if (kept->size() < kAsked) return FakeKeyd::Silence{};
    return FakeKeyd::Later{.after = 0ms, .messages = std::move(*kept)};
  });
  std::vector<QuestionRef> questions;
  for (int i = 0; i < kAsked; ++i) questions.push_back(ask(client_, std::to_string(i)));
  ASSERT_TRUE(bell_.rings(kAsked));
  for (int i = 0; i < kAsked; ++i)
    EXPECT_EQ(text_of(questions[static_cast<std::size_t>(i)]->signature().value()), std::to_string(i));
  EXPECT_EQ(keyd_->connections(), 1);
  EXPECT_EQ(client_.open_questions(), 0U);
}

TEST_F(AsyncClientTest, ReadinessAndRefusalsAreHandedOn) {
  fake([](const Request& request) -> FakeKeyd::Reply {
    if (std::holds_alternative<HealthRequest>(request.body)) return answer_to(request, HealthAnswer{false});
    return answer_to(request, ErrorAnswer{ErrorCode::kDenied, "not that"});
  });
  const auto health = client_.health(2s, bell_.wake()).value();
  const auto signature = ask(client_, "m");
  ASSERT_TRUE(bell_.rings(2));
  EXPECT_EQ(health->readiness(), false);
  EXPECT_EQ(failure_of(signature), ErrorCode::kDenied);
}

TEST_F(AsyncClientTest, ADeadlineEndsWhatKeydDoesNotAnswer) {
  fake([](const Request&) { return FakeKeyd::Silence{}; });
  const auto question = ask(impatient_, "m");
  const auto health = impatient_.health(50ms, bell_.wake()).value();
  ASSERT_TRUE(bell_.rings(2));
  EXPECT_EQ(failure_of(question), ErrorCode::kTimeout);
  EXPECT_FALSE(health->readiness());
  EXPECT_EQ(impatient_.open_questions(), 0U);
}

TEST_F(AsyncClientTest, WithoutKeydTheDeadlineCountsToo) {
  const auto question = ask(impatient_, "m");
  ASSERT_TRUE(bell_.rings(1));
  EXPECT_EQ(failure_of(question), ErrorCode::kTimeout);
}

TEST_F(AsyncClientTest, AKeydThatComesWithinTheDeadlineIsInTime) {
  const auto question = ask(client_, "m");
  fake(agreeable);
  ASSERT_TRUE(bell_.rings(1));
  EXPECT_EQ(text_of(question->signature().value()), "m");
}

TEST_F(AsyncClientTest, AnAnswerToNobodySettlesNothing) {
  fake([](const Request& request) { return Answer{request.id + 1000, signature_for(request)}; });
  const auto question = ask(impatient_, "m");
  ASSERT_TRUE(bell_.rings(1));
  EXPECT_EQ(failure_of(question), ErrorCode::kTimeout);
}

TEST_F(AsyncClientTest, TheSecondAnswerToAQuestionIsIgnored) {
  fake([](const Request& request) {
    const Bytes first = to_bytes(answer_to(request, signature_for(request)));
    const Bytes second = to_bytes(answer_to(request, SignatureAnswer{copy_of(bytes_of("second"))}));
    return FakeKeyd::Later{.after = 0ms, .messages = {first, second}};
  });
  for (int i = 1; i <= 20; ++i) {
    const auto question = ask(client_, std::to_string(i));
    ASSERT_TRUE(bell_.rings(i));
    EXPECT_EQ(text_of(question->signature().value()), std::to_string(i));
  }
  EXPECT_EQ(bell_.times(), 20);
}

TEST_F(AsyncClientTest, AfterGarbageTheNextQuestionGoesToAFreshConnection) {
  fake([](const Request& request) -> FakeKeyd::Reply {
    if (text_of(std::get<SignTls13Request>(request.body).message) == "bad")
      return copy_of(bytes_of("garbage"));
    return agreeable(request);
  });
  const auto bad = ask(client_, "bad");
  ASSERT_TRUE(bell_.rings(1));
  EXPECT_EQ(failure_of(bad), ErrorCode::kUnavailable);
  const auto good = ask(client_, "good");
  ASSERT_TRUE(bell_.rings(2));
  EXPECT_EQ(text_of(good->signature().value()), "good");
  EXPECT_EQ(keyd_->connections(), 2);
}

TEST_F(AsyncClientTest, AnswersOfAnotherKindAreAnError) {
  fake([](const Request& request) { return answer_to(request, HealthAnswer{true}); });
  const auto question = ask(client_, "m");
  ASSERT_TRUE(bell_.rings(1));
  EXPECT_EQ(failure_of(question), ErrorCode::kUnavailable);
}

TEST_F(AsyncClientTest, WhatWasUnderWayWhenKeydDiedIsAskedOnceMore) {
  fake([](const Request&) { return FakeKeyd::Silence{}; });
  std::vector<QuestionRef> questions;
  for (int i = 0; i < 8; ++i) questions.push_back(ask(client_, std::to_string(i)));
  fake(agreeable);
  ASSERT_TRUE(bell_.rings(8));
  for (std::size_t i = 0; i < 8; ++i)
    EXPECT_EQ(text_of(questions[i]->signature().value()), std::to_string(i));
}

TEST_F(AsyncClientTest, AQuestionThatKeydDiesOfIsNotAskedForEver) {
  fake([](const Request&) { return FakeKeyd::HangUp{}; });
  const auto question = ask(client_, "m");
  ASSERT_TRUE(bell_.rings(1));
  EXPECT_EQ(failure_of(question), ErrorCode::kUnavailable);
  EXPECT_EQ(keyd_->requests().size(), 2U);
}

TEST_F(AsyncClientTest, AbandonedQuestionsWakeNobodyAndStillCountUntilAnswered) {
  AsyncClient narrow(socket_, {.deadline = 20s, .most_open = 2});
  fake([](const Request&) { return FakeKeyd::Silence{}; });
  for (const char* message : {"a", "b"}) {
    const auto question = ask(narrow, message);
    ASSERT_TRUE(heard(message));
    question->abandon();
  }
  EXPECT_EQ(narrow.open_questions(), 2U);
  const auto refused = narrow.sign_tls13("gateway", bytes_of("c"), Hash::kOfKey, bell_.wake());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  fake(agreeable);  // what is abandoned is not asked again
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (narrow.open_questions() > 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(5ms);
  EXPECT_EQ(narrow.open_questions(), 0U);
  EXPECT_EQ(bell_.times(), 0);
  EXPECT_TRUE(keyd_->requests().empty());
}

TEST_F(AsyncClientTest, WhatIsAbandonedBeforeItCouldBeSentIsNotSent) {
  ask(client_, "abandoned")->abandon();
  const auto question = ask(client_, "wanted");
  fake(agreeable);
  ASSERT_TRUE(bell_.rings(1));
  EXPECT_EQ(text_of(question->signature().value()), "wanted");
  EXPECT_EQ(keyd_->requests().size(), 1U);
  EXPECT_EQ(client_.open_questions(), 0U);
}

TEST_F(AsyncClientTest, QuestionsOfManyThreadsAreAllAnswered) {
  fake(agreeable);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) static_cast<void>(ask(client_, "m"));
    });
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(bell_.rings(800));
  EXPECT_EQ(client_.open_questions(), 0U);
}

TEST_F(AsyncClientTest, ADestroyedClientSettlesWhatIsOpen) {
  fake([](const Request&) { return FakeKeyd::Silence{}; });
  std::optional<AsyncClient> passing(std::in_place, socket_, AsyncClient::Options{});
  const auto question = ask(*passing, "m");
  passing.reset();
  EXPECT_EQ(bell_.times(), 1);
  EXPECT_EQ(failure_of(question), ErrorCode::kUnavailable);
}

TEST_F(AsyncClientTest, AnotherUserAsksOnAConnectionOfHisOwn) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  fake(agreeable);
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
  std::filesystem::permissions(socket_, std::filesystem::perms::all);
  static_cast<void>(ask(client_, "root"));
  ASSERT_TRUE(bell_.rings(1));
  {
    const test::OtherUser other;
    EXPECT_EQ(keyd_->connections(), 1);
    const auto question = ask(client_, "other");
    ASSERT_TRUE(bell_.rings(2));
    EXPECT_EQ(text_of(question->signature().value()), "other");
    EXPECT_EQ(keyd_->connections(), 2);
  }
  const auto question = ask(client_, "root again");
  ASSERT_TRUE(bell_.rings(3));
  EXPECT_EQ(text_of(question->signature().value()), "root again");
  EXPECT_EQ(keyd_->connections(), 3);
}

TEST_F(AsyncClientTest, TheHashGoesWithTheQuestion) {
  fake(agreeable);
  static_cast<void>(client_.sign_tls13("gateway", bytes_of("m"), Hash::kSha512, bell_.wake()));
  ASSERT_TRUE(bell_.rings(1));
  EXPECT_EQ(std::get<SignTls13Request>(keyd_->requests().front().body).hash, Hash::kSha512);
}

#ifndef __SANITIZE_THREAD__  // it ends a child of many threads that begins one
TEST_F(AsyncClientTest, AChildAfterAForkAsksOnItsOwn) {
  fake(agreeable);
  static_cast<void>(ask(client_, "parent"));
  ASSERT_TRUE(bell_.rings(1));
  const pid_t child = ::fork();
  if (child == 0) {
    Bell bell;
    const auto question = client_.sign_tls13("gateway", bytes_of("child"), Hash::kOfKey, bell.wake());
    const bool good = question && bell.rings(1) && text_of((*question)->signature().value()) == "child";
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(keyd_->connections(), 2);
}
#endif

TEST_F(AsyncClientTest, NamesAndMessagesThatKeydWouldRefuseAreNotSent) {
  EXPECT_EQ(client_.sign_tls13("No Name", bytes_of("m"), Hash::kOfKey, {}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(client_.sign_tls13("gateway", Bytes(1000), Hash::kOfKey, {}).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace privyseal::hsm
