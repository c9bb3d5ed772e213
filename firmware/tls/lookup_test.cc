// Names that are looked up for a connection. The system's getaddrinfo is this file's own here, so that one
// name is never answered.
#include "firmware/tls/lookup.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "firmware/tls/stream.h"

namespace privyseal::tls {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

/// Whoever asks for silent.example waits here.
class Silence {
 public:
  void keep() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 60s, [&] { return is_over_; });
  }
  void end() { set(true); }
  void begin() { set(false); }

 private:
  void set(bool is_over) {
    const std::lock_guard lock(mutex_);
    is_over_ = is_over;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
};

Silence silence;
std::atomic<int> lookups = 0;
std::atomic<int> silent_lookups = 0;

}  // namespace
}  // namespace privyseal::tls

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  using privyseal::tls::silence;
  ++privyseal::tls::lookups;
  const std::string_view host(name);
  if (host == "silent.example") {
    ++privyseal::tls::silent_lookups;
    silence.keep();
    return EAI_AGAIN;
  }
  if (host != "here.example") return EAI_NONAME;
  static const auto real = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return real("127.0.0.1", service, hints, found);
}

namespace privyseal::tls {
namespace {

class LookupTest : public testing::Test {
 protected:
  void SetUp() override {
    silence.begin();
    lookups = 0;
    silent_lookups = 0;
  }
  void TearDown() override { silence.end(); }  // before the loop waits for its resolver's thread

  struct End {
    bool is_known = false;
    std::optional<ErrorCode> failure{};
  };

  static net::awaitable<void> connect(std::string host, std::uint16_t port, SteadyClock::duration within,
                                      End* end) {
    const auto stream = co_await Stream::connect(std::move(host), port, within);
    end->is_known = true;
    if (!stream) end->failure = stream.error().code;
  }

  /// How a connection to there ends; nothing: well. The loop stands still when that is known.
  std::optional<ErrorCode> failure_of(std::string host, SteadyClock::duration within) {
    End end;
    boost::asio::co_spawn(loop_, connect(std::move(host), port_, within, &end), boost::asio::detached);
    loop_.restart();
    while (!end.is_known && loop_.run_one() > 0) {
    }
    EXPECT_TRUE(end.is_known);
    return end.failure;
  }

  net::io_context loop_;
  net::tcp::acceptor listener_{loop_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::uint16_t port_ = listener_.local_endpoint().port();
};

TEST_F(LookupTest, WaitEndsAtItsDeadlineAlthoughTheSystemGoesOn) {
  const auto since = SteadyClock::now();
  EXPECT_EQ(failure_of("silent.example", 200ms), ErrorCode::kTimeout);
  EXPECT_LT(SteadyClock::now() - since, 20s);
  EXPECT_EQ(silent_lookups, 1);
  silence.end();
  loop_.run();  // the answer that nobody waits for any more
}

TEST_F(LookupTest, OneThatWasGivenUpBeforeItBeganNeverBegins) {
  EXPECT_EQ(failure_of("silent.example", 200ms), ErrorCode::kTimeout);
  EXPECT_EQ(failure_of("silent.example", 200ms), ErrorCode::kTimeout);  // behind the first one
  silence.end();
  loop_.run();
  EXPECT_EQ(silent_lookups, 1);
}

TEST_F(LookupTest, LoopMayEndBeforeTheAnswer) {
  EXPECT_EQ(failure_of("silent.example", 200ms), ErrorCode::kTimeout);
}

TEST_F(LookupTest, NameThatIsFoundIsConnectedTo) {
  EXPECT_EQ(failure_of("here.example", 20s), std::nullopt);
  EXPECT_EQ(lookups, 1);
}

TEST_F(LookupTest, NameThatIsNotFoundIsAnError) {
  EXPECT_EQ(failure_of("nobody.example", 20s), ErrorCode::kUnavailable);
}

TEST_F(LookupTest, AddressIsNotLookedUp) {
  EXPECT_EQ(failure_of("127.0.0.1", 20s), std::nullopt);
  EXPECT_EQ(lookups, 0);
}

}  // namespace
}  // namespace privyseal::tls
