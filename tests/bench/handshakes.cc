// Handshakes of one loop thread with a key in a fake keyd that takes its time, and with a key in memory.
//
//   handshakes MODE DELAY_MS HANDSHAKES CONCURRENT
//
// MODE: blocking, async, software. Prints one JSON object: the rate, the CPU time that the loop's thread and
// the whole process spent on each handshake, in microseconds. The clients run on the first thread.
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

#include "firmware/base/check.h"
#include "firmware/tls/job.h"
#include "firmware/tls/stream.h"
#include "tests/bench/tls_clients.h"
#include "tests/support/tls_lab.h"

namespace {

using namespace privyseal;
namespace asio = boost::asio;
using std::chrono_literals::operator""s;
using test::TlsLab;

double cpu_microseconds(int who) {
  rusage usage{};
  CHECK(::getrusage(who, &usage) == 0);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

struct Server {
  net::io_context loop{1};
  net::tcp::acceptor acceptor{loop, net::tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  TlsLab::ContextRef context;
  double cpu = 0;
};

net::awaitable<void> serve(net::tcp::socket socket, TlsLab::ContextRef context) {
  tls::Stream stream(std::move(socket));
  if (co_await stream.handshake(std::move(context), 30s)) stream.close();
}

net::awaitable<void> accept_all(Server* server) {
  for (;;) {
    auto socket = co_await server->acceptor.async_accept();
    asio::co_spawn(server->loop, serve(std::move(socket), server->context), asio::detached);
  }
}

void run_server(Server* server, bool with_jobs) {
  std::optional<tls::JobPool> jobs;
  if (with_jobs) jobs.emplace();
  asio::co_spawn(server->loop, accept_all(server), asio::detached);
  const double before = cpu_microseconds(RUSAGE_THREAD);
  server->loop.run();
  server->cpu = cpu_microseconds(RUSAGE_THREAD) - before;
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 5);
  const std::string mode = argv[1];
  const int handshakes = std::stoi(argv[3]);
  TlsLab lab;
  lab.keyd(lab.signs_after(std::chrono::milliseconds(std::stoi(argv[2]))));
  Server server;
  server.context = mode == "software" ? lab.software_lone_server : lab.lone_server;
  std::thread thread(run_server, &server, mode != "blocking");
  const auto begun = std::chrono::steady_clock::now();
  const double cpu_before = cpu_microseconds(RUSAGE_SELF);
  const int failed =
      bench::shake_hands(server.acceptor.local_endpoint().port(), handshakes, std::stoi(argv[4]));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const double cpu = cpu_microseconds(RUSAGE_SELF) - cpu_before;
  server.loop.stop();
  thread.join();
  std::cout << "{\"rate\": " << handshakes / seconds << ", \"loop_cpu_us\": " << server.cpu / handshakes
            << ", \"process_cpu_us\": " << cpu / handshakes << ", \"failed\": " << failed << "}\n";
  return failed == 0 ? 0 : 1;
}
