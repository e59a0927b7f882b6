package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// writeCertificate makes a certificate for id.example.com with that serial number.
func writeCertificate(t *testing.T, certFile, keyFile string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"id.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: der}} {
		err = os.WriteFile(path, pem.EncodeToMemory(block), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestTLS: HTTP/2 over TLS 1.2 and later, nothing older, and a new certificate on SIGHUP.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, certFile, keyFile, 1)
	cert, err := loadCertificate(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{tls: true, http: &http.Server{TLSConfig: cert.config(), Handler: http.HandlerFunc(healthz), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}}
	stop, served := make(chan struct{}, 1), make(chan error, 1)
	go func() { served <- s.listenUntil([]net.Listener{l}, stop, func() error { return nil }) }()
	defer func() {
		stop <- struct{}{}
		if err := <-served; err != nil {
			t.Errorf("serving ended by %v", err)
		}
	}()
	dial := func(version uint16) (tls.ConnectionState, error) {
		c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{MinVersion: version, MaxVersion: version,
			InsecureSkipVerify: true, NextProtos: []string{"h2"}})
		if err != nil {
			return tls.ConnectionState{}, err
		}
		defer c.Close()
		return c.ConnectionState(), nil
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		state, err := dial(version)
		if err != nil || state.NegotiatedProtocol != "h2" || state.PeerCertificates[0].SerialNumber.Int64() != 1 {
			t.Errorf("%s: got %v, %v", tls.VersionName(version), state.NegotiatedProtocol, err)
		}
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		_, err := dial(version)
		if err == nil {
			t.Errorf("%s was accepted", tls.VersionName(version))
		}
	}

	writeCertificate(t, certFile, keyFile, 2)
	release := reloadOnHangup(cert, slog.New(slog.DiscardHandler))
	defer release()
	err = syscall.Kill(syscall.Getpid(), syscall.SIGHUP)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		state, err := dial(tls.VersionTLS13)
		if err != nil {
			t.Fatal(err)
		}
		if state.PeerCertificates[0].SerialNumber.Int64() == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the new certificate is not used after SIGHUP")
		}
	}

	err = os.WriteFile(certFile, []byte("rubbish"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if cert.load() == nil {
		t.Error("rubbish was loaded as a certificate")
	}
	state, err := dial(tls.VersionTLS13)
	if err != nil || state.PeerCertificates[0].SerialNumber.Int64() != 2 {
		t.Errorf("after rubbish the former certificate is gone: %v", err)
	}
}
