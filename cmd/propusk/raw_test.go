package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestRawRequests: HC-090 and the size of headers of HC-091, byte by byte.
func TestRawRequests(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	address := strings.TrimPrefix(s.Issuer, "http://")
	port := address[strings.LastIndex(address, ":")+1:]
	host := "Host: " + address + "\r\n"
	authorize := "/connect/authorize?client_id=plain&response_type=code&scope=openid&redirect_uri=http://localhost:1/cb"
	tests := []struct {
		name, request string
		want          []int // statuses of all answers on the connection
	}{
		{"plain", "GET /healthz HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n", []int{200}},
		{"two hosts", "GET /healthz HTTP/1.1\r\n" + host + "Host: evil.example\r\n\r\n", []int{400}},
		{"no host", "GET /login HTTP/1.1\r\n\r\n", []int{400}},
		{"absolute form to another host", "GET http://evil.example/login HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n", []int{421}},
		{"absolute form hidden by Host", "GET http://evil.example/login HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", []int{421}},
		{"two lengths", "POST /connect/token HTTP/1.1\r\n" + host + "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello", []int{400}},
		{"length and chunks", "POST /connect/token HTTP/1.1\r\n" + host +
			"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n", []int{400}},
		{"chunks spelt oddly", "POST /connect/token HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", []int{501}},
		{"bare CR in a header", "GET /healthz HTTP/1.1\r\n" + host + "X: a\rb\r\n\r\n", []int{400}},
		{"a megabyte of headers", "GET /healthz HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", []int{431}},
		{"CRLF in state", "GET " + authorize + "&state=a%0d%0aSet-Cookie:%20x=y HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			statuses, head := raw(t, "127.0.0.1:"+port, tt.request)
			if tt.want != nil && fmt.Sprint(statuses) != fmt.Sprint(tt.want) {
				t.Errorf("got %v, want %v", statuses, tt.want)
			}
			for _, h := range head {
				if h.Get("Set-Cookie") == "x=y" {
					t.Error("a header was split")
				}
			}
		})
	}
}

// raw sends bytes and reads every answer until the connection ends.
func raw(t *testing.T, address, request string) (statuses []int, headers []http.Header) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.SetDeadline(time.Now().Add(30 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	go io.WriteString(c, request) // the answer may come, and the connection end, before all of it is sent
	r := bufio.NewReader(c)
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return statuses, headers
		}
		_, err = io.Copy(io.Discard, resp.Body)
		statuses, headers = append(statuses, resp.StatusCode), append(headers, resp.Header)
		if err != nil || resp.Close {
			return statuses, headers
		}
	}
}
