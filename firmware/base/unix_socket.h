/// Unix SEQPACKET sockets: one message is one read, and the kernel says who the peer is.
///
/// Socket paths may be longer than sun_path (108 bytes): they are reached through
/// their folder's descriptor.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <span>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"

namespace privyseal {

/// Replaces a stale socket file, binds with `mode`, and listens. kConflict: a live process serves it.
[[nodiscard]] Result<UniqueFd> listen_seqpacket(const std::filesystem::path& path, mode_t mode);

/// kUnavailable, kNotFound, kDenied: nobody listens there, or we may not. kTimeout: the
/// listener has not taken us within `wait` (its queue is full).
[[nodiscard]] Result<UniqueFd> connect_seqpacket(const std::filesystem::path& path,
                                                 std::chrono::milliseconds wait = std::chrono::seconds(2));

struct PeerCredentials {
  uid_t uid;
  gid_t gid;
  pid_t pid;
};

/// Who connected, as the kernel noted it at connect time (SO_PEERCRED, unix(7)).
[[nodiscard]] Result<PeerCredentials> peer_credentials(int fd);

/// One whole message. kClosed: the peer went away. kTimeout: not within `wait`.
[[nodiscard]] Result<void> send_message(int fd, ByteView message, std::chrono::milliseconds wait);

/// One whole message into `buffer`; the used part is returned. kInvalid: longer than the buffer.
[[nodiscard]] Result<std::span<std::byte>> receive_message(int fd, std::span<std::byte> buffer,
                                                           std::chrono::milliseconds wait);

}  // namespace privyseal
