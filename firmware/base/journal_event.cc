#include "firmware/base/journal_event.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>

#include "firmware/base/unique_fd.h"

namespace privyseal {
namespace {

/// One for the process, kept; -1: none can be had now. It is not connected, so that it outlives the journal
/// that it sends to.
int journal_socket() {
  static std::atomic<int> kept = -1;
  int fd = kept;
  if (fd >= 0) return fd;
  UniqueFd made(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!made || !kept.compare_exchange_strong(fd, made.get())) return fd;
  return made.release();
}

}  // namespace

std::string_view message_id(std::string_view event) {
  const auto found = std::ranges::find(kJournalEvents, event, &JournalEvent::event);
  return found == kJournalEvents.end() ? std::string_view() : found->id;
}

std::string journal_entry(LogLevel level, std::string_view event, std::string_view line) {
  line.remove_prefix(std::min(line.size(), line.find('>') + 1));  // the level has a field of its own
  std::string entry = "MESSAGE=" + std::string(line);
  entry += "\nPRIORITY=" + std::to_string(static_cast<int>(level));
  entry += "\nMESSAGE_ID=" + std::string(message_id(event));
  entry += "\nSYSLOG_IDENTIFIER=" + std::string(::program_invocation_short_name);
  return entry + "\n";
}

bool send_to_journal(const std::string& socket, std::string_view entry) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof(address.sun_path)) return false;
  std::memcpy(address.sun_path, socket.data(), socket.size());
  // A journal that does not keep up makes nobody wait: the line goes to standard error then.
  const ssize_t sent = ::sendto(journal_socket(), entry.data(), entry.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  return sent == static_cast<ssize_t>(entry.size());
}

bool is_journal(const char* journal_stream, int fd) {
  struct stat facts{};
  if (journal_stream == nullptr || ::fstat(fd, &facts) != 0) return false;
  return std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino) == journal_stream;
}

}  // namespace privyseal
