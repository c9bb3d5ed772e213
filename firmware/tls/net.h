/// The part of Boost.Asio that coroutines of ours are written with.
///
/// Heavy to compile (about 4 s a unit): headers that other folders include must not include it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace privyseal::net {

using boost::asio::any_io_executor;
using boost::asio::awaitable;
using boost::asio::io_context;
using boost::asio::ip::tcp;

}  // namespace privyseal::net
