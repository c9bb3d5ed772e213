#include "firmware/gateway/identity_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include <array>
#include <cstring>
#include <string_view>

namespace privyseal::gateway {
namespace {

constexpr int kTryAgainAfterMs = 5000;  // keyd may have been away

}  // namespace

Result<std::unique_ptr<IdentityWatch>> IdentityWatch::start(const std::vector<std::filesystem::path>& folders,
                                                            Changed changed) {
  UniqueFd events(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!events) return fail_errno("inotify");
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) return fail_errno("eventfd");
  std::vector<int> watches;
  for (const auto& folder : folders) {
    const int watch = ::inotify_add_watch(events.get(), folder.c_str(), IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
    if (watch < 0) return fail_errno(folder.string());
    watches.push_back(watch);
  }
  std::unique_ptr<IdentityWatch> made(
      new IdentityWatch(std::move(events), std::move(stop), std::move(watches), std::move(changed)));
  made->thread_ = std::thread([&started = *made] { started.run(); });
  return made;
}

IdentityWatch::IdentityWatch(UniqueFd events, UniqueFd stop, std::vector<int> watches, Changed changed)
    : events_(std::move(events)),
      stop_(std::move(stop)),
      watches_(std::move(watches)),
      changed_(std::move(changed)) {}

IdentityWatch::~IdentityWatch() {
  ::eventfd_write(stop_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

void IdentityWatch::run() {
  for (std::size_t i = 0; i < watches_.size(); ++i) call(i);
  std::array<pollfd, 2> waited{pollfd{.fd = events_.get(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
  for (;;) {
    const int ready = ::poll(waited.data(), waited.size(), unsettled_.empty() ? -1 : kTryAgainAfterMs);
    if (ready < 0) continue;  // EINTR
    if (waited[1].revents != 0) return;
    if (ready == 0)
      for (const std::size_t folder : std::set(unsettled_)) call(folder);
    else
      read_events();
  }
}

void IdentityWatch::call(std::size_t folder) {
  if (changed_(folder))
    unsettled_.erase(folder);
  else
    unsettled_.insert(folder);
}

void IdentityWatch::read_events() {
  std::set<int> touched;
  bool overflow = false;  // events were lost: look at all
  alignas(inotify_event) std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = ::read(events_.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    inotify_event event{};
    for (std::size_t at = 0; at < static_cast<std::size_t>(got); at += sizeof(event) + event.len) {
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      if ((event.mask & IN_Q_OVERFLOW) != 0) overflow = true;
      if (event.len == 0) continue;
      const std::string_view padded(buffer.data() + at + sizeof(event), event.len);
      if (padded.substr(0, padded.find('\0')) == "active") touched.insert(event.wd);
    }
  }
  for (std::size_t i = 0; i < watches_.size(); ++i)
    if (overflow || touched.contains(watches_[i])) call(i);
}

}  // namespace privyseal::gateway
