/// One loop, one thread, many handshakes whose signatures take their time or never come.
///
/// Nothing here asserts how long a thing takes: what is asserted is what happened before what, and how often.
#include <gmock/gmock.h>

#include <ostream>

#include "firmware/tls/keys.h"
#include "tests/integration/handshake_fixture.h"

namespace privyseal::test {
namespace {

using namespace std::chrono_literals;
using tls::Keys;

net::awaitable<void> ask(TlsLab::ContextRef context, std::vector<Keys>* answers) {
  answers->push_back(co_await tls::ask_keys(std::move(context)));
}

net::awaitable<void> run_job(std::shared_ptr<tls::Job> job, std::optional<Result<void>>* ended) {
  *ended = co_await tls::Job::run(std::move(job));
}

net::awaitable<void> shake_and_say(StreamRef stream, TlsLab::ContextRef context,
                                   std::optional<Error>* failure) {
  const auto facts = co_await stream->handshake(std::move(context), kLong);
  *failure = facts ? Error{} : facts.error();
}

/// Sends a byte to and fro until `done`; counts the rounds that were made while `counts`.
net::awaitable<void> play(StreamRef stream, std::function<bool()> counts, std::function<bool()> done,
                          int* rounds) {
  std::array<std::byte, 1> byte{};
  while (!done()) {
    if (!co_await stream->write(byte, kLong)) break;
    if (!co_await stream->read_some(byte, kLong)) break;
    if (counts()) ++*rounds;
  }
  stream->cut();
}

class AsyncHandshake : public HandshakeTest {
 protected:
  /// Asks so often at once a keyd that answers none before all have asked: a loop that waited for one answer
  /// would get none. Some times more, if they were not in time: that is short.
  bool are_ready_at_once(std::size_t count) {
    for (int attempt = 0; attempt < 20; ++attempt) {
      lab_->keyd([count, held = std::make_shared<std::vector<Bytes>>()](
                     const hsm::Request& request) -> FakeKeyd::Reply {
        held->push_back(to_bytes(answer_to(request, hsm::HealthAnswer{true})));
        if (held->size() < count) return FakeKeyd::Silence{};
        return FakeKeyd::Later{.messages = std::exchange(*held, {})};
      });
      std::vector<Keys> answers;
      for (std::size_t i = 0; i < count; ++i) spawn(ask(lab_->server, &answers));
      run([&] { return answers.size() == count; });
      if (std::ranges::count(answers, Keys::kReady) == static_cast<std::ptrdiff_t>(count)) return true;
    }
    return false;
  }
};

TEST_F(AsyncHandshake, SixteenSignaturesAreUnderWayAtOnceOnBothSides) {
  // A loop that waited for one signature would never ask for the sixteenth.
  lab_->keyd(lab_->signs_when_asked_by(16));
  const auto pairs = start_many(16, lab_->server, lab_->client);
  run_until_ended(32);
  EXPECT_EQ(servers_.good, 16);
  EXPECT_EQ(clients_.good, 16);
  EXPECT_EQ(lab_->asked(), 32U);
  EXPECT_EQ(lab_->open_questions(), 0U);
}

net::awaitable<void> agree(StreamRef stream, TlsLab::ContextRef context, std::string* group) {
  const auto facts = co_await stream->handshake(std::move(context), kLong);
  *group = facts ? facts->group : facts.error().message;
}

TEST_F(AsyncHandshake, KeysAreAgreedOnWithMlKemByWhoeverKnowsIt) {
  lab_->keyd(lab_->signs_after(0ms));
  for (const auto& [client, expected] :
       {std::pair(lab_->nameless_client, "X25519MLKEM768"), std::pair(lab_->classic_client, "x25519")}) {
    const Pair pair = connect();
    std::string at_server;
    std::string at_client;
    spawn(agree(pair.server, lab_->lone_server, &at_server));
    spawn(agree(pair.client, client, &at_client));
    run([&] { return !at_server.empty() && !at_client.empty(); });
    EXPECT_EQ(at_server, expected);
    EXPECT_EQ(at_client, expected);
  }
}

TEST_F(AsyncHandshake, AnRsaKeyIsAskedForTheHashThatThePeersAgreedOn) {
  lab_->keyd(lab_->signs_after(5ms));
  const Pair pair = connect();
  start(pair, lab_->lone_rsa_server, lab_->nameless_client);
  run_until_ended(2);
  EXPECT_EQ(servers_.good + clients_.good, 2);
  const auto requests = lab_->running_keyd().requests();
  ASSERT_EQ(lab_->asked(), 1U);
  EXPECT_EQ(std::get<hsm::SignTls13Request>(requests.back().body).hash, hsm::Hash::kSha256);
}

TEST_F(AsyncHandshake, WhatWasSaidBeforeAndAfterAPauseIsOneSession) {
  lab_->keyd(lab_->signs_after(5ms));
  const Pair pair = connect();
  start(pair, lab_->server, lab_->client);
  run_until_ended(2);
  ASSERT_EQ(servers_.good + clients_.good, 2);
  int rounds = 0;
  spawn(echo(pair.server));
  spawn(play(pair.client, [] { return true; }, [&] { return rounds == 100; }, &rounds));
  run([&] { return rounds == 100; });
  EXPECT_EQ(rounds, 100);
}

struct Role {
  const char* name;
  TlsLab::ContextRef TlsLab::* server;
  TlsLab::ContextRef TlsLab::* client;
  bool server_waits;
};
void PrintTo(const Role& role, std::ostream* out) { *out << role.name; }
class EachRole : public AsyncHandshake, public testing::WithParamInterface<Role> {};

TEST_P(EachRole, OthersGoOnWhileKeydIsHungAndTheHandshakesEndAtTheirDeadline) {
  lab_->keyd(lab_->never_signs());
  const Pair other = software_connection();
  const auto pairs = start_many(16, (*lab_).*GetParam().server, (*lab_).*GetParam().client, 1500ms);
  int rounds = 0;
  spawn(echo(other.server));
  spawn(play(
      other.client, [&] { return pool_->paused() > 0; },
      [&] { return servers_.all() + clients_.all() == 34; }, &rounds));
  run_until_ended(34);
  EXPECT_GE(rounds, 16) << "the other connection stood still";
  EXPECT_GE(servers_.count(ErrorCode::kTimeout) + clients_.count(ErrorCode::kTimeout), 16);
  EXPECT_EQ(servers_.good + clients_.good, 1 + 1);
  lab_->keyd(lab_->signs_after(0ms));
  const auto again = start_many(4, lab_->server, lab_->client);
  run_until_ended(42);
  EXPECT_EQ(servers_.good + clients_.good, 2 + 8);
}

TEST_P(EachRole, ADeadlineBeforeTheProvidersOwnIsKept) {
  lab_->keyd(lab_->never_signs());
  const auto pairs = start_many(4, (*lab_).*GetParam().server, (*lab_).*GetParam().client, 400ms);
  run_until_ended(8);
  EXPECT_EQ((GetParam().server_waits ? servers_ : clients_).count(ErrorCode::kTimeout), 4);
}

TEST_P(EachRole, AKeydThatIsRestartedMeanwhileIsNotNoticed) {
  lab_->keyd(lab_->never_signs());
  const auto pairs = start_many(8, (*lab_).*GetParam().server, (*lab_).*GetParam().client);
  run_until_paused(8);
  lab_->keyd(lab_->signs_after(5ms));
  run_until_ended(16);
  EXPECT_EQ(servers_.good + clients_.good, 16);
}

INSTANTIATE_TEST_SUITE_P(, EachRole,
                         testing::Values(Role{"Server", &TlsLab::server, &TlsLab::software_client, true},
                                         Role{"Client", &TlsLab::software_server, &TlsLab::client, false}),
                         [](const auto& c) { return std::string(c.param.name); });

struct Misbehaviour {
  const char* name;
  std::function<FakeKeyd::Reply(const hsm::Request&, const hsm::Answer& right)> reply;
  bool handshakes_succeed;
};
void PrintTo(const Misbehaviour& misbehaviour, std::ostream* out) { *out << misbehaviour.name; }
class EachMisbehaviour : public AsyncHandshake, public testing::WithParamInterface<Misbehaviour> {};

TEST_P(EachMisbehaviour, EndsInAHandshakeOrInAFailureAndLeavesNothingBehind) {
  lab_->keyd([&](const hsm::Request& request) { return GetParam().reply(request, lab_->answer(request)); });
  const auto pairs = start_many(8, lab_->lone_server, lab_->nameless_client);
  run_until_ended(16);
  EXPECT_EQ(servers_.good, GetParam().handshakes_succeed ? 8 : 0);
  EXPECT_EQ(servers_.all(), 8);
  EXPECT_EQ(lab_->open_questions(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    , EachMisbehaviour,
    testing::Values(Misbehaviour{"Garbage", [](auto&, auto&) { return copy_of(bytes_of("garbage")); }, false},
                    Misbehaviour{"HangsUp", [](auto&, auto&) { return FakeKeyd::HangUp{}; }, false},
                    Misbehaviour{"WrongId",
                                 [](auto& request, auto& right) {
                                   return hsm::Answer{.id = request.id + 77, .body = right.body};
                                 },
                                 false},
                    Misbehaviour{"WrongKind",
                                 [](auto& request, auto&) {
                                   return hsm::Answer{.id = request.id, .body = hsm::DoneAnswer{}};
                                 },
                                 false},
                    Misbehaviour{"Refuses",
                                 [](auto& request, auto&) {
                                   return hsm::Answer{.id = request.id,
                                                      .body = hsm::ErrorAnswer{ErrorCode::kDenied, "no"}};
                                 },
                                 false},
                    Misbehaviour{"LongSignature",
                                 [](auto& request, auto&) {
                                   return hsm::Answer{.id = request.id,
                                                      .body = hsm::SignatureAnswer{Bytes(5000)}};
                                 },
                                 false},
                    Misbehaviour{"AnswersTwice",
                                 [](auto&, auto& right) {
                                   return FakeKeyd::Later{.messages = {to_bytes(right), to_bytes(right)}};
                                 },
                                 true}),
    [](const auto& c) { return std::string(c.param.name); });

TEST_F(AsyncHandshake, NoMoreWaitThanTheLimitsSayAndTheQueueDoesNotSpin) {
  limit({.jobs = 4, .queue = 4});
  lab_->keyd(lab_->never_signs());
  const auto pairs = start_many(12, lab_->lone_server, lab_->nameless_client);
  run([&] { return pool_->paused() == 4 && pool_->queued() == 4 && servers_.all() == 4; });
  EXPECT_EQ(servers_.count(ErrorCode::kUnavailable), 4);
  lab_->keyd(lab_->signs_after(100ms));
  EXPECT_LT(run_until_ended(24), 1000) << "turns of the loop; one that tries again and again makes many more";
  EXPECT_EQ(servers_.good, 8);
  EXPECT_EQ(servers_.all(), 12);
}

TEST_F(AsyncHandshake, WhoeverWaitsForATurnTooLongGivesUp) {
  limit({.jobs = 1, .queue = 8});
  lab_->keyd(lab_->never_signs());
  const auto pairs = start_many(6, lab_->lone_server, lab_->nameless_client, 300ms);
  run_until_ended(12);
  EXPECT_EQ(servers_.good, 0);
  EXPECT_EQ(servers_.count(ErrorCode::kTimeout), 6);
  EXPECT_LE(lab_->asked(), 6U);
}

TEST_F(AsyncHandshake, ReadinessIsAskedWithoutMakingTheLoopWait) {
  EXPECT_TRUE(are_ready_at_once(1));
  EXPECT_TRUE(are_ready_at_once(16));
  lab_->no_keyd();
  std::vector<Keys> answers;
  spawn(ask(lab_->server, &answers));
  run([&] { return !answers.empty(); });
  EXPECT_THAT(answers, testing::ElementsAre(Keys::kAway));
}

TEST_F(AsyncHandshake, WithAllPlacesTakenTheKeysAreBusy) {
  limit({.jobs = 2, .queue = 8});
  lab_->keyd(lab_->never_signs());
  const auto pairs = start_many(2, lab_->lone_server, lab_->nameless_client);
  run_until_paused(2);
  std::vector<Keys> answers;
  spawn(ask(lab_->lone_server, &answers));
  run([&] { return !answers.empty(); });
  EXPECT_THAT(answers, testing::ElementsAre(Keys::kBusy));
  lab_->keyd(lab_->signs_after(0ms));
  run_until_ended(4);
  EXPECT_EQ(servers_.good, 2);
}

TEST_F(AsyncHandshake, WhoeverIsCutWhileItWaitsForATurnLeavesTheQueueAtOnce) {
  limit({.jobs = 1, .queue = 8});
  lab_->keyd(lab_->never_signs());
  const auto first = start_many(1, lab_->lone_server, lab_->nameless_client);
  run_until_paused(1);
  const auto others = start_many(3, lab_->lone_server, lab_->nameless_client);
  run([&] { return pool_->queued() == 3; });
  for (const auto& pair : others) pair.server->cut();
  EXPECT_EQ(pool_->queued(), 0U);
  EXPECT_EQ(pool_->paused(), 1U);
  lab_->keyd(lab_->signs_after(0ms));
  run_until_ended(8);
  EXPECT_EQ(servers_.good, 1);
}

TEST_F(AsyncHandshake, AJobThatWasEndedIsOverAndNotBegunAgain) {
  lab_->keyd([](const hsm::Request&) -> FakeKeyd::Reply { return FakeKeyd::Silence{}; });
  int calls = 0;
  std::optional<Result<void>> ended;
  const auto job = std::make_shared<tls::Job>(*pool_, loop_->get_executor(), [&] {
    ++calls;
    EXPECT_FALSE(lab_->server->library().keys_ready());
  });
  spawn(run_job(job, &ended));
  run_until_paused(1);
  job->end();
  EXPECT_EQ(pool_->paused(), 0U);
  run([&] { return ended.has_value(); });
  ASSERT_TRUE(ended);
  EXPECT_FALSE(*ended);
  EXPECT_EQ(calls, 1);
}

TEST_F(AsyncHandshake, APeerIsToldThatTheHandshakeFailedWhenItIsCutWhileItWaits) {
  // Which shows that the descriptor was still ours when the handshake was told to fail.
  lab_->keyd(lab_->never_signs());
  const Pair pair = connect();
  std::optional<Error> failure;
  spawn(shake(pair.server, lab_->lone_server, kLong, &servers_));
  spawn(shake_and_say(pair.client, lab_->nameless_client, &failure));
  run_until_paused(1);
  pair.server->cut();
  run([&] { return failure && servers_.all() == 1; });
  ASSERT_TRUE(failure);
  EXPECT_THAT(failure->message, testing::HasSubstr("alert"));
}

TEST_F(AsyncHandshake, AQuestionForReadinessMayBeDestroyedWhileItIsPending) {
  lab_->keyd([](const hsm::Request&) -> FakeKeyd::Reply { return FakeKeyd::Silence{}; });
  std::vector<Keys> answers;
  spawn(ask(lab_->server, &answers));
  run_until_paused(1);
  acceptor_.reset();
  loop_.reset();
  EXPECT_EQ(pool_->paused(), 0U);
  EXPECT_TRUE(answers.empty());
}

TEST_F(AsyncHandshake, ALoopThatEndsLeavesNoSignatureBehind) {
  lab_->keyd(lab_->never_signs());
  auto pairs = start_many(8, lab_->server, lab_->client);
  run_until_paused(8);
  pool_.reset();  // as at the end of a loop's thread; streams and coroutines are still there
  EXPECT_EQ(JobPool::of_this_thread(), nullptr);
  pairs.clear();
  acceptor_.reset();
  loop_.reset();
  lab_->keyd(lab_->signs_after(0ms));
}

TEST_F(AsyncHandshake, CoroutinesMayBeDestroyedWhileTheirSignatureIsPending) {
  lab_->keyd(lab_->never_signs());
  auto pairs = start_many(8, lab_->server, lab_->client);
  run_until_paused(8);
  pairs.clear();
  acceptor_.reset();
  loop_.reset();
  EXPECT_EQ(pool_->paused(), 0U);
  lab_->keyd(lab_->signs_after(0ms));
}

}  // namespace
}  // namespace privyseal::test
