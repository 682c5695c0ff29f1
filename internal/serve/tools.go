package serve

import (
	"context"

	"github.com/rs/zerolog"

	"showtime/internal/adminsock"
)

// answerTools answers the other commands of this machine, which cannot open the locked files. It is not worth
// ending the show for: without it they say that the folder is in use.
func (s *Server) answerTools(ctx context.Context) error {
	c := s.options.Config
	if c.Worker.Table != "" { // they ask the table
		<-ctx.Done()
		return nil
	}
	mine := func(cluster string) bool { return cluster == c.Receiver.ClusterName }
	return answerTools(ctx, c.Data, s.Store, mine, s.options.Log)
}

func answerTools(ctx context.Context, dir string, store adminsock.Store, known func(string) bool, log zerolog.Logger) error {
	listener, stop, err := adminsock.Listen(ctx, dir)
	if err != nil {
		log.Warn().Err(err).Msg("showtime audit and doctor cannot ask this process")
		<-ctx.Done()
		return nil
	}
	defer stop()
	return HTTP(ctx, listener, adminsock.Handler(store, known))
}
