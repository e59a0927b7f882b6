package main

import (
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// stopSignals yields a value for each SIGINT or SIGTERM until release is called.
func stopSignals() (stop <-chan struct{}, release func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	out := make(chan struct{}, 2)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-signals:
				select {
				case out <- struct{}{}:
				default: // two are enough to stop at once
				}
			case <-done:
				return
			}
		}
	}()
	return out, func() {
		signal.Stop(signals)
		close(done)
	}
}

// reloadOnHangup reads the certificate again at each SIGHUP until release is called.
func reloadOnHangup(cert *certificate, log *slog.Logger) (release func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-signals:
				err := cert.load()
				if err != nil {
					log.Error("certificate not reloaded, the former stays", slog.Any("error", err))
					continue
				}
				log.Info("certificate reloaded")
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}
