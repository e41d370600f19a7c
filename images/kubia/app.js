// Answers every HTTP request on port 8080 with the name of this host and the address of the client.
const http = require('node:http');
const os = require('node:os');

const port = 8080;
const host = os.hostname();

const server = http.createServer((request, response) => {
  const client = request.socket.remoteAddress;
  console.log(`${request.method} ${request.url} from ${client}`);
  response.setHeader('Content-Type', 'text/plain');
  response.end(`Hey there, this is ${host}. Your IP is ${client}.\n`);
});

// As PID 1 the process gets no default action for these signals: unhandled, they would be ignored.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    console.log(`Received ${signal}, ending`);
    server.close();
    server.closeAllConnections();
  });
}

server.listen(port, () => console.log(`Kubia listens on port ${port} of ${host}`));
