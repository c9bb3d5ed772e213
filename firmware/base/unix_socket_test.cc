#include "firmware/base/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "tests/support/temp_folder.h"

namespace privyseal {
namespace {

using std::chrono::milliseconds;

class UnixSocket : public testing::Test {
 protected:
  /// A connected pair through the file system: first the client's end, then the server's.
  std::array<UniqueFd, 2> connected(const std::filesystem::path& path) {
    listener_ = std::move(listen_seqpacket(path, 0600).value());
    UniqueFd client = std::move(connect_seqpacket(path).value());
    return {std::move(client), UniqueFd(::accept(listener_.get(), nullptr, nullptr))};
  }

  test::TempFolder folder_;
  UniqueFd listener_;
};

TEST_F(UnixSocket, KeepsMessagesApart) {
  const auto ends = connected(folder_ / "s");
  ASSERT_TRUE(send_message(ends[0].get(), bytes_of("one"), milliseconds(100)).has_value());
  ASSERT_TRUE(send_message(ends[0].get(), bytes_of("two"), milliseconds(100)).has_value());
  std::array<std::byte, 16> buffer;
  EXPECT_EQ(text_of(receive_message(ends[1].get(), buffer, milliseconds(100)).value()), "one");
  EXPECT_EQ(text_of(receive_message(ends[1].get(), buffer, milliseconds(100)).value()), "two");
}

TEST_F(UnixSocket, SaysWhoConnected) {
  const auto ends = connected(folder_ / "s");
  const auto peer = peer_credentials(ends[1].get());
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->uid, ::getuid());
  EXPECT_EQ(peer->pid, ::getpid());
}

TEST_F(UnixSocket, HasADeadlineAnEndAndALimit) {
  auto ends = connected(folder_ / "s");
  std::array<std::byte, 4> buffer;
  EXPECT_EQ(receive_message(ends[1].get(), buffer, milliseconds(5)).error().code, ErrorCode::kTimeout);
  ASSERT_TRUE(send_message(ends[0].get(), bytes_of("too long"), milliseconds(100)).has_value());
  EXPECT_EQ(receive_message(ends[1].get(), buffer, milliseconds(100)).error().code, ErrorCode::kInvalid);
  ends[0].reset();
  EXPECT_EQ(receive_message(ends[1].get(), buffer, milliseconds(100)).error().code, ErrorCode::kClosed);
  EXPECT_EQ(send_message(ends[1].get(), bytes_of("x"), milliseconds(100)).error().code, ErrorCode::kClosed);
}

TEST_F(UnixSocket, MayHaveALongPath) {
  const auto deep = folder_.path() / std::string(100, 'a') / std::string(100, 'b');
  std::filesystem::create_directories(deep);
  const auto ends = connected(deep / "s");
  EXPECT_TRUE(send_message(ends[0].get(), bytes_of("x"), milliseconds(100)).has_value());
}

TEST_F(UnixSocket, ReplacesAStaleFileButNotALiveServer) {
  const auto path = folder_ / "s";
  {
    const auto stale = listen_seqpacket(path, 0600);
  }
  const auto live = listen_seqpacket(path, 0600);
  ASSERT_TRUE(live.has_value());
  EXPECT_EQ(listen_seqpacket(path, 0600).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(connect_seqpacket(path).has_value());
}

TEST_F(UnixSocket, IsUnavailableWhenNobodyListens) {
  EXPECT_EQ(connect_seqpacket(folder_ / "gone").error().code, ErrorCode::kNotFound);
  {
    const auto stale = listen_seqpacket(folder_ / "s", 0600);
  }
  EXPECT_EQ(connect_seqpacket(folder_ / "s").error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace privyseal
